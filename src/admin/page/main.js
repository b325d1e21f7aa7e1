// The live page: asks for the state once a second, and starts its parts.
import { startBuilder } from "./builder.js";
import { addressOf, byId, copy, setOptions } from "./dom.js";
import { forgetTotals, showGlance } from "./glance.js";
import { encodePart, quoteWord } from "./quote.js";
import { startStream } from "./stream.js";
import { showTroubles } from "./troubles.js";

/** @param {any} status */
function showStatus(status) {
  showGlance(status);
  showTroubles(status.delivery);
  warn(status.obstacles.length === 0 ? "" : `Not ready: ${status.obstacles.join("; ")}`);
}

/** @param {string} text */
function warn(text) {
  const banner = byId("banner", HTMLElement);
  if (banner.textContent === text) return;
  banner.textContent = text;
  banner.hidden = text === "";
}

async function poll() {
  if (!document.hidden) {
    try {
      const response = await fetch(addressOf("/status.json"), { signal: AbortSignal.timeout(5000) });
      showStatus(await response.json());
    } catch {
      forgetTotals();
      warn("The gateway does not answer.");
    }
  }
  setTimeout(poll, 1000);
}

function startViews() {
  const buttons = [...document.querySelectorAll("[data-show]")].map(
    (button) => /** @type {HTMLButtonElement} */ (button),
  );
  for (const button of buttons) {
    button.addEventListener("click", () => {
      document.body.dataset.view = button.dataset.show;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    });
  }
}

async function start() {
  startViews();
  void poll();
  const { publicUrl, sources, destinations } = await (await fetch(addressOf("/sources.json"))).json();
  const taking = new Set(
    sources.flatMap((/** @type {import("./builder.js").Source} */ source) =>
      Object.values(source.destinations).flat(),
    ),
  );
  setOptions(byId("filter-source", HTMLSelectElement), [
    ["", "Any source"],
    ...sources.map((/** @type {{ id: string }} */ { id }) => /** @type {const} */ ([id, id])),
    ["_unknown", "Unknown source"],
  ]);
  setOptions(byId("filter-destination", HTMLSelectElement), [
    ["", "Any destination"],
    ...[...taking].map((id) => /** @type {const} */ ([String(id), String(id)])),
  ]);
  const first = sources.find((/** @type {{ enabled: boolean }} */ { enabled }) => enabled) ?? sources[0];
  const url = `${publicUrl}/pixel/v1/page?writeKey=${encodePart(first?.writeKey ?? "")}&name=Hello`;
  const attempt = `curl ${quoteWord(url)}`;
  byId("attempt", HTMLElement).textContent = attempt;
  const copyAttempt = byId("attempt-copy", HTMLButtonElement);
  copyAttempt.addEventListener("click", () => copy(copyAttempt, attempt));
  startStream();
  startBuilder(sources, destinations, publicUrl);
}

void start();
