// The figures at a glance: what happens to requests in a second and in all, NATS, the spool.
import { addSecond } from "./chart.js";
import { byId } from "./dom.js";
import { writeBytes, writeCount, writeCountOf, writeDuration, writeRate } from "./format.js";
import { ACCEPTED, countOf, ERRORS } from "./outcome.js";

/** Each figure, and the outcomes that it counts. @type {Record<string, readonly string[]>} */
const FIGURES = { accepted: ACCEPTED, rejected: ["rejected"], failed: ["failed"], dropped: ["dropped"] };

const NATS = { up: "connected", degraded: "acks uncertain", down: "not reachable", off: "not configured" };

/** @type {{ atMs: number, totals: Record<string, number> } | null} */
let last = null;

/** Forgets the totals of a gateway that does not answer: a rate over the pause would be none. */
export function forgetTotals() {
  last = null;
}

/** @param {string} id @param {string} text */
function setText(id, text) {
  byId(id, HTMLElement).textContent = text;
}

/** @param {any} status */
export function showGlance(status) {
  showTotals(status.totals);
  setText("version", status.version);
  setText("uptime", writeDuration(status.uptimeMs));
  showNats(status.delivery);
  showSpool(status.delivery);
}

/** @param {Record<string, number>} totals */
function showTotals(totals) {
  const atMs = performance.now();
  const before = last;
  last = { atMs, totals };
  /** After a restart the totals begin anew. @param {readonly string[]} outcomes */
  const rateOf = (outcomes) =>
    before === null
      ? 0
      : Math.max(0, countOf(totals, outcomes) - countOf(before.totals, outcomes)) /
        ((atMs - before.atMs) / 1000);
  for (const [name, outcomes] of Object.entries(FIGURES)) {
    const total = countOf(totals, outcomes);
    setText(`rate-${name}`, writeRate(rateOf(outcomes)));
    setText(`total-${name}`, writeCount(total));
    byId(name, HTMLElement).toggleAttribute("data-some", total > 0);
  }
  if (before !== null) addSecond(rateOf(ACCEPTED), rateOf(ERRORS));
}

/** @param {any} delivery */
function showNats({ nats, inFlight }) {
  byId("nats", HTMLElement).dataset.state =
    { up: "good", off: "idle", degraded: "bad", down: "bad" }[/** @type {string} */ (nats)] ?? "bad";
  setText("nats-text", NATS[/** @type {keyof typeof NATS} */ (nats)] ?? nats);
  setText("nats-more", inFlight === 0 ? "" : `${writeCount(inFlight)} in flight`);
}

/** @param {any} delivery */
function showSpool({ nats, spool, spooled, spooledBytes, oldestSpooledMs }) {
  const isWaiting = spooled > 0 && nats !== "off";
  byId("spool", HTMLElement).dataset.state = spool !== "open" ? "bad" : isWaiting ? "warn" : "idle";
  const held = spooled === 0 ? "empty" : writeCountOf(spooled, "event", "events");
  setText("spool-text", spool === "open" ? held : spool);
  const oldest = oldestSpooledMs === null ? "" : `, oldest ${writeDuration(oldestSpooledMs)}`;
  setText("spool-more", spooled === 0 ? "" : `${writeBytes(spooledBytes)}${oldest}`);
}
