// The live feed of the gateway: opened with a filter, and again whenever it ends.
import { addressOf, byId } from "./dom.js";

const AGAIN_MS = 2000;

const connection = byId("connection", HTMLElement);

/** @type {EventSource | null} */
let source = null;

/**
 * Opens the feed in place of the one before, and gives each request, or how many were left out.
 * @param {URLSearchParams} query
 * @param {(item: import("./record.js").LiveRecord | number) => void} take
 */
export function openFeed(query, take) {
  source?.close();
  const mine = new EventSource(addressOf(`/live?${query}`));
  source = mine;
  mine.addEventListener("open", () => showConnection("live", "Live"));
  mine.addEventListener("message", (event) => take(JSON.parse(event.data)));
  mine.addEventListener("gap", (event) => take(JSON.parse(event.data).missed));
  mine.addEventListener("error", () => {
    showConnection("lost", "Reconnecting…");
    // A refusal ends an EventSource for good: too many viewers, or a gateway that is starting.
    if (mine.readyState === EventSource.CLOSED && mine === source)
      setTimeout(() => mine === source && openFeed(query, take), AGAIN_MS);
  });
}

/** @param {"live" | "lost"} state @param {string} text */
function showConnection(state, text) {
  connection.dataset.state = state;
  connection.textContent = text;
}
