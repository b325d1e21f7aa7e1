// The list of requests, newest first: it draws them, holds them back while somebody reads, opens one.
import { drawDetail } from "./detail.js";
import { byId } from "./dom.js";
import { matches } from "./filter.js";
import { drawGap, drawRecord } from "./record.js";

/** @typedef {import("./record.js").LiveRecord} LiveRecord */

const MAX_ROWS = 400;
const MAX_HELD = 400;
// More in one go than anybody can read, and than a browser can draw thousands of times a second.
const MAX_DRAWN = 40;
const FLUSH_MS = 60;

const list = byId("rows", HTMLOListElement);
const scroller = byId("scroller", HTMLElement);
const empty = byId("empty", HTMLElement);
const nothing = byId("nothing", HTMLElement);
const holdButton = byId("hold", HTMLButtonElement);
const newer = byId("newer", HTMLButtonElement);

/** @type {WeakMap<Element, LiveRecord>} */
const records = new WeakMap();
/** @type {(LiveRecord | number)[]} what waits while the list is held: records, and counts of missed ones */
let held = [];
let isPaused = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let flushing;
/** @type {HTMLElement | null} */
let opened = null;

/** Starts the controls of the list. */
export function startList() {
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

/** Takes what the feed gives: a request, or how many were left out. @param {LiveRecord | number} item */
export function take(item) {
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

/** Hides what the filter does not want. */
export function applyFilter() {
  for (const item of list.children) {
    const record = records.get(item);
    if (record !== undefined) /** @type {HTMLElement} */ (item).hidden = !matches(record);
  }
  showState();
}

/** @param {LiveRecord} record */
function drawItem(record) {
  const item = drawRecord(record);
  records.set(item, record);
  item.hidden = !matches(record);
  return item;
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
