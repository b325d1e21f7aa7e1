// What needs an operator while events are taken, in words: destinations, the quarantine, streams. Knows no page.
import { writeBytes, writeCountOf, writeDuration, writeMoment } from "./format.js";

/**
 * @typedef {object} Trouble
 * @property {string} key what it is about: the same for as long as it lasts
 * @property {"bad" | "warn"} level bad: events are lost or answered 503
 * @property {string} name
 * @property {string} state
 * @property {string} since
 * @property {string} why
 * @property {string} facts
 * @property {readonly Cure[]} cures
 */

/** @typedef {readonly [what: string, command: string]} Cure */

/**
 * What earlier looks have seen: when each trouble began, and of each destination how many events it has refused and when
 * that last grew.
 * @typedef {{ begun: Map<string, number>, refusals: Map<string, { refused: number, grewMs: number }> }} Memory
 */

/** States of a destination in trouble, worst first, and what each means. @type {Readonly<Record<string, string>>} */
const MEANINGS = {
  barred: "nothing may be sent to its stream as it is",
  shut: "it takes nothing now; a copy is tried now and then",
  slow: "it takes copies later than a client should wait, so they go through the spool",
};
const OVER_SHARE = "over its share";
/** In this order they are shown. */
const STATES = ["fault", "full", OVER_SHARE, ...Object.keys(MEANINGS), "quarantine", "warning"];

/** For so long after a refusal a destination counts as over its share. */
const REFUSING_MS = 60_000;
/** By so much two looks may differ about one and the same beginning: answers take their time. */
const SAME_MS = 5000;

/** A memory that has seen nothing. @returns {Memory} */
export function newMemory() {
  return { begun: new Map(), refusals: new Map() };
}

/** Every trouble, worst first. @param {any} delivery its state, as /status.json tells it @param {Memory} memory @param {number} nowMs @returns {Trouble[]} */
export function listTroubles({ destinations, findings, quarantineFull }, memory, nowMs) {
  const troubles = [
    ...findings.map(describeFinding),
    ...(quarantineFull ? [FULL] : []),
    ...destinations.flatMap(
      (/** @type {any} */ destination) => describeDestination(destination, memory, nowMs) ?? [],
    ),
  ];
  return troubles.sort((one, other) => STATES.indexOf(one.state) - STATES.indexOf(other.state));
}

/** @type {Trouble} */
const FULL = {
  key: "quarantine",
  level: "bad",
  name: "Quarantine",
  state: "full",
  since: "",
  why: "an event with a copy for it is answered 503",
  facts: "",
  cures: [["See what is in it, then retry or discard", "pixelgate spool list --quarantine"]],
};

/** @param {any} finding @returns {Trouble} */
function describeFinding({ stream, severity, says, cure }) {
  return {
    key: `stream ${stream} ${severity} ${says}`,
    level: severity === "fault" ? "bad" : "warn",
    name: `Stream ${stream}`,
    state: severity,
    since: "",
    why: says,
    facts: "",
    cures: [cure === null ? ["Look at all streams", "pixelgate check --nats"] : ["Mend it", cure]],
  };
}

/** Null for one that is well. @param {any} destination @param {Memory} memory @param {number} nowMs @returns {Trouble | null} */
function describeDestination(destination, memory, nowMs) {
  const { id, state, reason, quarantined, refused } = destination;
  const key = `destination ${id}`;
  const meaning = MEANINGS[state];
  const isRefusing = hasRefused(memory, id, refused, nowMs);
  if (meaning === undefined) memory.begun.delete(key);
  if (meaning === undefined && !isRefusing && quarantined === 0) return null;
  return {
    key,
    level: isRefusing ? "bad" : "warn",
    name: id,
    state: meaning !== undefined ? state : isRefusing ? OVER_SHARE : "quarantine",
    since: meaning === undefined ? "" : writeSince(memory, key, destination.sinceMs, nowMs),
    why: meaning === undefined ? "" : reason || meaning,
    facts: writeFacts(destination),
    cures: [
      .../** @type {Cure[]} */ (
        meaning === undefined ? [] : [["Look at its stream", "pixelgate check --nats"]]
      ),
      .../** @type {Cure[]} */ (
        isRefusing ? [["See its backlog", `pixelgate spool list --destination ${id}`]] : []
      ),
      .../** @type {Cure[]} */ (
        quarantined > 0
          ? [
              [
                "See its quarantine, then retry or discard",
                `pixelgate spool list --quarantine --destination ${id}`,
              ],
            ]
          : []
      ),
    ],
  };
}

/** What waits, and what was refused. @param {any} destination */
function writeFacts({ copies, bytes, oldestMs, quarantined, refused }) {
  const facts = [];
  if (copies > 0) {
    const age = oldestMs === null ? "" : `, oldest ${writeDuration(oldestMs)}`;
    facts.push(`${writeCountOf(copies, "copy", "copies")} spooled, ${writeBytes(bytes)}${age}`);
  }
  if (quarantined > 0) facts.push(`${writeCountOf(quarantined, "copy", "copies")} in quarantine`);
  if (refused > 0) {
    facts.push(`${writeCountOf(refused, "event", "events")} answered 503 over its share of the spool`);
  }
  return facts.join(" · ");
}

/** Whether a destination has made events fail lately, as far as this page has seen. @param {Memory} memory @param {string} id @param {number} refused @param {number} nowMs */
function hasRefused({ refusals }, id, refused, nowMs) {
  const before = refusals.get(id);
  const hasGrown = before !== undefined && refused > before.refused;
  const grewMs = hasGrown ? nowMs : (before?.grewMs ?? Number.NEGATIVE_INFINITY);
  refusals.set(id, { refused, grewMs });
  return nowMs - grewMs < REFUSING_MS;
}

/** @param {Memory} memory @param {string} key @param {number | null} sinceMs @param {number} nowMs */
function writeSince({ begun }, key, sinceMs, nowMs) {
  if (sinceMs === null) return "";
  const known = begun.get(key);
  const atMs = nowMs - sinceMs;
  const beginMs = known !== undefined && Math.abs(known - atMs) < SAME_MS ? known : atMs;
  begun.set(key, beginMs);
  return `since ${writeMoment(beginMs, nowMs)}, ${writeDuration(sinceMs)}`;
}
