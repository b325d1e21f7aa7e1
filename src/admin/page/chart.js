// Events per second over the last minute and a half: what was taken, and on top what was not.
import { byId } from "./dom.js";

const SECONDS = 90;
const WIDTH = 900;
const HEIGHT = 100;

const taken = byId("chart-taken", SVGPathElement);
const refused = byId("chart-refused", SVGPathElement);
const top = byId("chart-top", HTMLElement);
const picture = byId("chart", SVGSVGElement);

/** @type {{ taken: number, refused: number }[]} */
const seconds = [];

/** Adds one second at the right. @param {number} takenRate @param {number} refusedRate */
export function addSecond(takenRate, refusedRate) {
  seconds.push({ taken: takenRate, refused: refusedRate });
  if (seconds.length > SECONDS) seconds.shift();
  draw();
}

function draw() {
  const peak = Math.max(1, ...seconds.map((second) => second.taken + second.refused));
  const scale = niceAbove(peak);
  const step = WIDTH / SECONDS;
  let takenPath = "";
  let refusedPath = "";
  for (const [index, second] of seconds.entries()) {
    const x = WIDTH - (seconds.length - index) * step;
    const low = (second.taken / scale) * HEIGHT;
    const high = (second.refused / scale) * HEIGHT;
    // A single event among thousands must still be seen.
    if (low > 0) takenPath += bar(x, 0, Math.max(1.5, low), step);
    if (high > 0) refusedPath += bar(x, low, Math.max(3, high), step);
  }
  taken.setAttribute("d", takenPath);
  refused.setAttribute("d", refusedPath);
  top.textContent = `${scale.toLocaleString("en")}/s`;
  const last = seconds.at(-1);
  if (last === undefined) return;
  const rates = `${Math.round(last.taken)} taken and ${Math.round(last.refused)} refused per second`;
  picture.setAttribute("aria-label", `Events per second, last ${SECONDS} seconds. Now: ${rates}`);
}

/** @param {number} x @param {number} from @param {number} height @param {number} step */
function bar(x, from, height, step) {
  const bottom = HEIGHT - from;
  return `M${(x + 1).toFixed(1)} ${bottom.toFixed(1)}v${(-height).toFixed(1)}h${(step - 2).toFixed(1)}v${height.toFixed(1)}z`;
}

/** The next of 1, 2, 5, 10, 20, 50 … @param {number} value */
function niceAbove(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10;
  return Math.max(5, step * power);
}
