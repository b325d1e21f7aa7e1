// The list of requests as they happen: filter, hold, open one.
import { byId, copy, create } from "./dom.js";

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

const MAX_ROWS = 400;
const MAX_HELD = 400;
// More in one go than anybody can read, and than a browser can draw thousands of times a second.
const MAX_DRAWN = 40;
const FLUSH_MS = 60;
const NOT_TAKEN = ["rejected", "failed"];

const list = byId("rows", HTMLOListElement);
const scroller = byId("scroller", HTMLElement);
const empty = byId("empty", HTMLElement);
const nothing = byId("nothing", HTMLElement);
const holdButton = byId("hold", HTMLButtonElement);
const newer = byId("newer", HTMLButtonElement);
const connection = byId("connection", HTMLElement);
const search = byId("filter-text", HTMLInputElement);
const selects = {
  source: byId("filter-source", HTMLSelectElement),
  destination: byId("filter-destination", HTMLSelectElement),
  type: byId("filter-type", HTMLSelectElement),
  outcome: byId("filter-outcome", HTMLSelectElement),
};

/** @type {WeakMap<Element, LiveRecord>} */
const records = new WeakMap();
/** @type {(LiveRecord | number)[]} what waits while the list is held: records, and counts of missed ones */
let held = [];
let isPaused = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let flushing;
/** @type {HTMLElement | null} */
let opened = null;
/** @type {EventSource | null} */
let source = null;

/** Starts the stream and its controls. */
export function startStream() {
  connect();
  for (const select of Object.values(selects)) {
    select.addEventListener("change", () => {
      applyFilter();
      connect();
    });
  }
  search.addEventListener("input", applyFilter);
  holdButton.addEventListener("click", () => {
    isPaused = !isPaused;
    holdButton.setAttribute("aria-pressed", String(isPaused));
    holdButton.textContent = isPaused ? "Resume" : "Pause";
    if (!isPaused) release();
    showState();
  });
  newer.addEventListener("click", () => {
    close();
    release();
    scroller.scrollTo({ top: 0 });
  });
  byId("clear", HTMLButtonElement).addEventListener("click", () => {
    list.replaceChildren();
    held = [];
    opened = null;
    showState();
  });
  list.addEventListener("click", (event) => {
    const row = event.target instanceof Element ? event.target.closest(".row") : null;
    const item = row?.parentElement;
    if (item instanceof HTMLElement) toggle(item);
  });
  list.addEventListener("keydown", moveFocus);
}

/** Sends the filter along: the gateway then sends nothing that is not wanted. */
function connect() {
  source?.close();
  const query = new URLSearchParams();
  for (const [name, select] of Object.entries(selects)) {
    if (select.value !== "") query.set(name, select.value === "_unknown" ? "" : select.value);
  }
  const mine = new EventSource(`/live?${query}`);
  source = mine;
  mine.addEventListener("open", () => showConnection("live", "Live"));
  mine.addEventListener("message", (event) => take(JSON.parse(event.data)));
  mine.addEventListener("gap", (event) => take(JSON.parse(event.data).missed));
  mine.addEventListener("error", () => {
    showConnection("lost", "Reconnecting…");
    // A refusal ends an EventSource for good: too many viewers, or a gateway that is starting.
    if (mine.readyState === EventSource.CLOSED && mine === source)
      setTimeout(() => mine === source && connect(), 2000);
  });
}

/** @param {"live" | "lost"} state @param {string} text */
function showConnection(state, text) {
  connection.dataset.state = state;
  connection.textContent = text;
}

/** @param {LiveRecord | number} item */
function take(item) {
  held.push(item);
  if (held.length > MAX_HELD) {
    const [first, second] = held.splice(0, 2);
    held.unshift(countOf(first) + countOf(second));
  }
  if (flushing === undefined) flushing = setTimeout(flush, FLUSH_MS);
}

/** Draws what has come, unless somebody reads: then it says how much waits. */
function flush() {
  flushing = undefined;
  if (isPaused || opened !== null) showState();
  else release(MAX_DRAWN);
}

/** @param {LiveRecord | number | undefined} item */
function countOf(item) {
  return typeof item === "number" ? item : 1;
}

/** Draws the newest of what waits, and how many it left out. @param {number} limit */
function release(limit = MAX_HELD) {
  let missed = 0;
  for (const item of held.splice(0, held.length - limit)) missed += countOf(item);
  if (missed > 0) list.prepend(drawGap(missed));
  for (const item of held) list.prepend(typeof item === "number" ? drawGap(item) : drawItem(item));
  held = [];
  while (list.children.length > MAX_ROWS) list.lastElementChild?.remove();
  showState();
}

function showState() {
  let waiting = 0;
  for (const item of held) waiting += countOf(item);
  newer.hidden = waiting === 0;
  newer.textContent = `${waiting.toLocaleString("en")} new ${waiting === 1 ? "request" : "requests"} · show`;
  empty.hidden = list.children.length > 0 || waiting > 0;
  nothing.hidden =
    list.children.length === 0 ||
    [...list.children].some((item) => !(/** @type {HTMLElement} */ (item).hidden));
}

function applyFilter() {
  for (const item of list.children) {
    const record = records.get(item);
    if (record !== undefined) /** @type {HTMLElement} */ (item).hidden = !matches(record);
  }
  showState();
}

/** @param {LiveRecord} record */
function matches(record) {
  const { source, destination, type, outcome } = selects;
  const outcomes = outcome.value === "accepted" ? ["published", "spooled"] : [outcome.value];
  if (source.value !== "" && source.value !== (record.sourceId ?? "_unknown")) return false;
  if (destination.value !== "" && !record.destinations.includes(destination.value)) return false;
  if (type.value !== "" && type.value !== record.type) return false;
  if (outcome.value !== "" && !outcomes.includes(record.outcome)) return false;
  const wanted = search.value.trim().toLowerCase();
  return wanted === "" || JSON.stringify(record).toLowerCase().includes(wanted);
}

/** @param {number} missed */
function drawGap(missed) {
  return create(
    "li",
    { class: "gap" },
    `${missed.toLocaleString("en")} more came faster than this page can show`,
  );
}

/** @param {LiveRecord} record */
function drawItem(record) {
  const { event, reason } = record;
  const isRefused = NOT_TAKEN.includes(record.outcome);
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
    ...(isRefused
      ? []
      : [create("span", { class: "url", title: readText(url) }, readText(url).replace(/^https?:\/\//, ""))]),
    create("span", { class: "source" }, record.sourceId ?? "unknown"),
    create("span", { class: "to", title: to }, to),
  );
  const item = create("li", { class: isRefused ? "item refused" : "item" }, row);
  item.dataset.outcome = record.outcome;
  records.set(item, record);
  item.hidden = !matches(record);
  return item;
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

/** @param {HTMLElement} item */
function toggle(item) {
  const wasOpen = item === opened;
  close();
  const record = records.get(item);
  if (wasOpen || record === undefined) {
    release();
    return;
  }
  opened = item;
  item.querySelector(".row")?.setAttribute("aria-expanded", "true");
  item.append(drawDetail(record));
  showState();
}

function close() {
  opened?.querySelector(".row")?.setAttribute("aria-expanded", "false");
  opened?.querySelector(".detail")?.remove();
  opened = null;
}

/** @param {LiveRecord} record */
function drawDetail(record) {
  const json = JSON.stringify(record.event, null, 2);
  const copyJson = create("button", { type: "button", class: "small" }, "Copy JSON");
  copyJson.addEventListener("click", () => copy(copyJson, json));
  const copyTarget = create("button", { type: "button", class: "small" }, "Copy request");
  copyTarget.addEventListener("click", () => copy(copyTarget, record.target));
  const href = `/explain?url=${encodeURIComponent(record.target)}`;
  const explain = create("a", { href, target: "_blank", rel: "noopener", class: "small" }, "Explain");

  const parameters = create("dl", { class: "parameters" });
  const mark = record.target.indexOf("?");
  for (const [key, value] of new URLSearchParams(mark < 0 ? "" : record.target.slice(mark + 1))) {
    parameters.append(create("dt", {}, key), create("dd", {}, value));
  }
  const request = create(
    "section",
    { class: "request" },
    create("h3", { class: "heading" }, "Request"),
    create(
      "pre",
      { class: "raw", tabindex: "0" },
      `GET ${record.target}\nUser-Agent: ${record.userAgent ?? "—"}`,
    ),
    create(
      "p",
      { class: "answer" },
      `Answered ${record.status}${record.reason === null ? "" : `: ${record.reason}`}`,
    ),
    parameters,
    create("p", { class: "actions" }, copyTarget, explain),
  );
  const detail = create("div", { class: "detail" });
  if (record.event !== null) {
    detail.append(
      create(
        "section",
        { class: "event" },
        create("h3", { class: "heading" }, "Event"),
        drawJson(json),
        create("p", { class: "actions" }, copyJson),
      ),
    );
  }
  detail.append(request);
  return detail;
}

/** @param {string} json */
function drawJson(json) {
  const pre = create("pre", { tabindex: "0" });
  for (const line of json.split("\n")) {
    const [, space = "", key, rest = ""] = /^(\s*)("(?:[^"\\]|\\.)*")(: .*)$/.exec(line) ?? [];
    if (key === undefined) pre.append(`${line}\n`);
    else pre.append(space, create("span", { class: "key" }, key), `${rest}\n`);
  }
  return pre;
}

/** Arrow keys walk the rows, Home and End jump. @param {KeyboardEvent} event */
function moveFocus(event) {
  if (!(event.target instanceof Element) || !event.target.matches(".row")) {
    if (event.key === "Escape" && opened !== null) {
      const row = /** @type {HTMLElement | null} */ (opened.querySelector(".row"));
      close();
      release();
      row?.focus();
    }
    return;
  }
  if (event.key === "Escape" && opened !== null) {
    close();
    release();
    return;
  }
  const rows = [.../** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("li:not([hidden]) > .row"))];
  const at = rows.indexOf(/** @type {HTMLElement} */ (event.target));
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  rows[next]?.focus();
}
