// The pixel builder: fields in, a pixel to copy out, and a test that goes to this gateway.
import { byId, copy, create, setOptions } from "./dom.js";
import { FORMS, writeUrl } from "./snippets.js";

/**
 * @typedef {object} Source
 * @property {string} id
 * @property {string} writeKey
 * @property {boolean} enabled
 * @property {{ page: string[], track: string[] }} destinations
 */

/**
 * @typedef {object} Destination
 * @property {string} id
 * @property {string[]} streams
 */

const form = byId("builder-form", HTMLFormElement);
const source = byId("builder-source", HTMLSelectElement);
const base = byId("builder-base", HTMLInputElement);
const name = byId("builder-name", HTMLInputElement);
const nameLabel = byId("builder-name-label", HTMLElement);
const properties = byId("builder-properties", HTMLElement);
const tabs = byId("builder-tabs", HTMLElement);
const code = byId("builder-code", HTMLElement);
const note = byId("builder-note", HTMLElement);
const result = byId("builder-result", HTMLElement);
const goesTo = byId("builder-goes", HTMLElement);

/** @type {readonly Source[]} */
let sources = [];
/** The streams of each destination. @type {ReadonlyMap<string, readonly string[]>} */
let streams = new Map();
let publicUrl = "";
let chosen = "url";

/**
 * Fills the builder with the sources and destinations of the gateway.
 * @param {readonly Source[]} given
 * @param {readonly Destination[]} destinations
 * @param {string} url
 */
export function startBuilder(given, destinations, url) {
  sources = given;
  streams = new Map(destinations.map(({ id, streams }) => [id, streams]));
  publicUrl = url;
  base.value ||= url;
  setOptions(
    source,
    sources.map(({ id, enabled }) => [id, enabled ? id : `${id} (disabled)`]),
  );
  for (const { id, label } of FORMS) {
    const tab = create(
      "button",
      { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": "builder-panel" },
      label,
    );
    tab.addEventListener("click", () => choose(id));
    tabs.append(tab);
  }
  tabs.addEventListener("keydown", walkTabs);
  form.addEventListener("input", draw);
  form.addEventListener("submit", (event) => event.preventDefault());
  byId("builder-add", HTMLButtonElement).addEventListener("click", addProperty);
  const copyButton = byId("builder-copy", HTMLButtonElement);
  copyButton.addEventListener("click", () => copy(copyButton, code.textContent ?? ""));
  byId("builder-send", HTMLButtonElement).addEventListener("click", send);
  choose(chosen);
}

function readType() {
  return new FormData(form).get("type") === "track" ? "track" : "page";
}

/** @returns {import("./snippets.js").Pixel} */
function readPixel() {
  /** @type {[string, string][]} */
  const fields = [];
  for (const input of form.querySelectorAll("input[data-key]")) {
    const { value, dataset } = /** @type {HTMLInputElement} */ (input);
    if (value.trim() !== "") fields.push([dataset.key ?? "", value.trim()]);
  }
  for (const row of properties.children) {
    const [key, value] = [...row.querySelectorAll("input")].map((input) => input.value.trim());
    if (key) fields.push([`properties.${key}`, value ?? ""]);
  }
  return {
    base: base.value.trim().replace(/\/+$/, "") || publicUrl,
    type: readType(),
    writeKey: sources.find(({ id }) => id === source.value)?.writeKey ?? "",
    name: name.value.trim(),
    fields,
  };
}

function draw() {
  const pixel = readPixel();
  const isTrack = pixel.type === "track";
  nameLabel.textContent = isTrack ? "Event" : "Page name";
  name.placeholder = isTrack ? "Order placed" : "Pricing";
  name.required = isTrack;
  const current = FORMS.find(({ id }) => id === chosen);
  code.textContent = current?.write(pixel) ?? "";
  note.textContent = current?.note ?? "";
  const to = sources.find(({ id }) => id === source.value)?.destinations[pixel.type] ?? [];
  goesTo.textContent =
    to.length === 0
      ? `No destination takes its ${pixel.type} events.`
      : `Goes to ${to.map(withStream).join(", ")}.`;
}

/** A destination and its stream, the first and the last of several. @param {string} id */
function withStream(id) {
  const names = streams.get(id) ?? [];
  return names.length === 0 ? id : `${id} (${[...new Set([names[0], names.at(-1)])].join(" to ")})`;
}

/** @param {string} id */
function choose(id) {
  chosen = id;
  for (const tab of tabs.querySelectorAll("button")) {
    const isChosen = tab.id === `tab-${id}`;
    tab.setAttribute("aria-selected", String(isChosen));
    tab.tabIndex = isChosen ? 0 : -1;
  }
  byId("builder-panel", HTMLElement).setAttribute("aria-labelledby", `tab-${id}`);
  draw();
}

/** @param {KeyboardEvent} event */
function walkTabs(event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step === undefined) return;
  const at = FORMS.findIndex(({ id }) => id === chosen);
  const next = FORMS[(at + step + FORMS.length) % FORMS.length];
  if (next === undefined) return;
  choose(next.id);
  byId(`tab-${next.id}`, HTMLButtonElement).focus();
}

function addProperty() {
  const key = create("input", { placeholder: "plan", "aria-label": "Property name", spellcheck: "false" });
  const value = create("input", { placeholder: "pro", "aria-label": "Property value" });
  const remove = create(
    "button",
    { type: "button", class: "small", "aria-label": "Remove this property" },
    "Remove",
  );
  const row = create("div", { class: "property" }, key, value, remove);
  remove.addEventListener("click", () => {
    row.remove();
    draw();
  });
  properties.append(row);
  key.focus();
}

/** Fires the pixel at this gateway's own public port, as a browser does: wherever its final address will be. */
function send() {
  const url = writeUrl({ ...readPixel(), base: publicUrl });
  const image = new Image();
  result.dataset.state = "";
  result.textContent = "Sending…";
  image.addEventListener("load", () => {
    result.textContent = "Sent. It is in the stream.";
  });
  image.addEventListener("error", () => {
    result.dataset.state = "error";
    result.textContent = `No image came back. If it is not in the stream, ${publicUrl} cannot be reached from this browser.`;
  });
  image.referrerPolicy = "no-referrer";
  image.src = url;
}
