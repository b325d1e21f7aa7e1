// Events per second over the last minute and a half: what was accepted, and on top what was rejected or has failed.
import { byId } from "./dom.js";

const SECONDS = 90;
const WIDTH = 900;
const HEIGHT = 100;

const acceptedPath = byId("chart-accepted", SVGPathElement);
const errorsPath = byId("chart-errors", SVGPathElement);
const top = byId("chart-top", HTMLElement);
const picture = byId("chart", SVGSVGElement);

/** @type {{ accepted: number, errors: number }[]} */
const seconds = [];

/** Adds one second at the right. @param {number} accepted @param {number} errors */
export function addSecond(accepted, errors) {
  seconds.push({ accepted, errors });
  if (seconds.length > SECONDS) seconds.shift();
  draw();
}

function draw() {
  const peak = Math.max(1, ...seconds.map((second) => second.accepted + second.errors));
  const scale = niceAbove(peak);
  const step = WIDTH / SECONDS;
  let accepted = "";
  let errors = "";
  for (const [index, second] of seconds.entries()) {
    const x = WIDTH - (seconds.length - index) * step;
    const low = (second.accepted / scale) * HEIGHT;
    const high = (second.errors / scale) * HEIGHT;
    // A single event among thousands must still be seen.
    if (low > 0) accepted += bar(x, 0, Math.max(1.5, low), step);
    if (high > 0) errors += bar(x, low, Math.max(3, high), step);
  }
  acceptedPath.setAttribute("d", accepted);
  errorsPath.setAttribute("d", errors);
  top.textContent = `${scale.toLocaleString("en")}/s`;
  const last = seconds.at(-1);
  if (last === undefined) return;
  const rates = `${Math.round(last.accepted)} accepted, ${Math.round(last.errors)} rejected or failed per second`;
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
