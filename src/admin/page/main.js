// The live page: asks for the state once a second, and starts its parts.
import { startBuilder } from "./builder.js";
import { addSecond } from "./chart.js";
import { addressOf, byId, copy, setOptions } from "./dom.js";
import { encodePart, quoteWord } from "./quote.js";
import { startStream } from "./stream.js";

const NATS = { up: "connected", degraded: "acks uncertain", down: "not reachable", off: "not configured" };

/** @type {{ atMs: number, taken: number, refused: number } | null} */
let last = null;

/** @param {string} id @param {string} text */
function setText(id, text) {
  byId(id, HTMLElement).textContent = text;
}

/** @param {number} count */
function writeCount(count) {
  return count.toLocaleString("en");
}

/** @param {number} rate */
function writeRate(rate) {
  return rate < 10 && rate > 0 ? rate.toFixed(1) : writeCount(Math.round(rate));
}

/** @param {number} bytes */
function writeBytes(bytes) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let size = bytes;
  let unit = 0;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

/** @param {number} ms */
function writeDuration(ms) {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** @param {any} status */
function showStatus(status) {
  const { totals, delivery, obstacles } = status;
  const taken = totals.published + totals.spooled + totals.quarantined;
  const refused = totals.rejected + totals.failed;
  const atMs = performance.now();
  if (last !== null) {
    const seconds = (atMs - last.atMs) / 1000;
    // After a restart the totals begin anew.
    const takenRate = Math.max(0, taken - last.taken) / seconds;
    const refusedRate = Math.max(0, refused - last.refused) / seconds;
    addSecond(takenRate, refusedRate);
    setText("rate-taken", writeRate(takenRate));
    setText("rate-refused", writeRate(refusedRate));
  }
  last = { atMs, taken, refused };
  setText("total-taken", writeCount(taken));
  setText("total-refused", writeCount(refused));
  byId("refused", HTMLElement).toggleAttribute("data-some", refused > 0);
  setText("version", status.version);
  setText("uptime", writeDuration(status.uptimeMs));

  const nats = byId("nats", HTMLElement);
  nats.dataset.state =
    { up: "good", off: "idle", degraded: "bad", down: "bad" }[/** @type {string} */ (delivery.nats)] ?? "bad";
  setText("nats-text", NATS[/** @type {keyof typeof NATS} */ (delivery.nats)] ?? delivery.nats);
  const inFlight = delivery.inFlight === 0 ? "" : `${writeCount(delivery.inFlight)} in flight`;
  setText("nats-more", inFlight);

  const spool = byId("spool", HTMLElement);
  const isWaiting = delivery.spooled > 0 && delivery.nats !== "off";
  spool.dataset.state = delivery.spool !== "open" ? "bad" : isWaiting ? "warn" : "idle";
  const oldest =
    delivery.oldestSpooledMs === null ? "" : `, oldest ${writeDuration(delivery.oldestSpooledMs)}`;
  setText(
    "spool-text",
    delivery.spool !== "open"
      ? delivery.spool
      : delivery.spooled === 0
        ? "empty"
        : `${writeCount(delivery.spooled)} events`,
  );
  setText("spool-more", delivery.spooled === 0 ? "" : `${writeBytes(delivery.spooledBytes)}${oldest}`);
  warn(obstacles.length === 0 ? "" : `Not ready: ${obstacles.join("; ")}`);
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
      last = null;
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
  setText("attempt", attempt);
  const copyAttempt = byId("attempt-copy", HTMLButtonElement);
  copyAttempt.addEventListener("click", () => copy(copyAttempt, attempt));
  startStream();
  startBuilder(sources, destinations, publicUrl);
}

void start();
