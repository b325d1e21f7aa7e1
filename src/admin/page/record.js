// One request as the feed tells it, and its row in the list.
import { create } from "./dom.js";
import { ERRORS } from "./outcome.js";

/**
 * @typedef {object} LiveRecord
 * @property {string} receivedAt
 * @property {"page" | "track"} type
 * @property {string} outcome
 * @property {string | null} reason
 * @property {number} status
 * @property {string | null} sourceId
 * @property {string[]} destinations
 * @property {string} target
 * @property {string | null} userAgent
 * @property {any} event
 */

/** Draws the row of a request. @param {LiveRecord} record */
export function drawRecord(record) {
  const { event, reason } = record;
  const isError = ERRORS.includes(record.outcome);
  const to = record.destinations.join(", ");
  const name = record.type === "track" ? event?.event : event?.name;
  const url = event?.context?.page?.url ?? event?.properties?.url;
  const title = create("span", { class: "name" }, reason ?? (readText(name) || "no name"));
  if (reason === null && !readText(name)) title.classList.add("faint");
  const row = create(
    "button",
    { class: "row", type: "button", "aria-expanded": "false" },
    create("time", { datetime: record.receivedAt }, writeTime(record.receivedAt)),
    create("span", { class: "outcome" }, record.outcome),
    create("span", { class: "type" }, record.type),
    title,
    ...(isError
      ? []
      : [create("span", { class: "url", title: readText(url) }, readText(url).replace(/^https?:\/\//, ""))]),
    create("span", { class: "source" }, record.sourceId ?? "unknown"),
    create("span", { class: "to", title: to }, to),
  );
  const item = create("li", { class: isError ? "item error" : "item" }, row);
  item.dataset.outcome = record.outcome;
  return item;
}

/** Draws the place of requests that were left out. @param {number} missed how many */
export function drawGap(missed) {
  return create(
    "li",
    { class: "gap" },
    `${missed.toLocaleString("en")} more came faster than this page can show`,
  );
}

/** @param {unknown} value */
function readText(value) {
  return typeof value === "string" ? value : "";
}

/** @param {string} instant */
function writeTime(instant) {
  const time = new Date(instant);
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  const seconds = `${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, "0")}`;
  return `${two(time.getHours())}:${two(time.getMinutes())}:${seconds}`;
}
