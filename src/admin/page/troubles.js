// The place of what needs an operator; it is not there while all is well. What stands in it is changed in place, for
// somebody may be about to copy a command.
import { byId, create } from "./dom.js";
import { writeCount, writeCountOf } from "./format.js";
import { listTroubles, newMemory } from "./trouble.js";

/** More than anybody looks through at once. */
const MAX_SHOWN = 20;

const section = byId("troubles", HTMLElement);
const count = byId("troubles-count", HTMLElement);
const said = byId("troubles-said", HTMLElement);
const list = byId("troubles-list", HTMLUListElement);
const rest = byId("troubles-rest", HTMLElement);

const memory = newMemory();
/** @type {Map<string, HTMLLIElement>} */
const items = new Map();

/** Shows what is in trouble. @param {any} delivery its state, as /status.json tells it */
export function showTroubles(delivery) {
  const troubles = listTroubles(delivery, memory, Date.now());
  const shown = troubles.slice(0, MAX_SHOWN);
  const keys = new Set(shown.map(({ key }) => key));
  for (const [key, item] of items) {
    if (keys.has(key)) continue;
    items.delete(key);
    item.remove();
  }
  for (const [index, trouble] of shown.entries()) {
    const item = draw(trouble);
    // One that stands where it should is left alone: moved, it would lose its selection.
    if (item !== list.children[index]) list.insertBefore(item, list.children[index] ?? null);
  }
  const more = troubles.length - shown.length;
  setText(rest, `${writeCountOf(more, "more is", "more are")} in /status.json`);
  rest.hidden = more === 0;
  const wasShown = !section.hidden;
  section.hidden = troubles.length === 0;
  setText(count, writeCount(troubles.length));
  // Said when the number changes, and not with each copy more.
  if (!section.hidden) setText(said, `Needs attention: ${writeCount(troubles.length)}`);
  else if (wasShown) setText(said, "Nothing needs attention any more");
  // What scrolls must be within reach of the keyboard.
  if (list.scrollHeight > list.clientHeight) list.tabIndex = 0;
  else list.removeAttribute("tabindex");
}

/** @param {import("./trouble.js").Trouble} trouble */
function draw({ key, level, name, state, since, why, facts, cures }) {
  const item = items.get(key) ?? drawEmpty();
  items.set(key, item);
  item.dataset.level = level;
  const parts = item.querySelectorAll("b, .is, .since, .why, .facts");
  for (const [index, text] of [name, state, since, why, facts].entries()) {
    const part = /** @type {HTMLElement} */ (parts[index]);
    setText(part, text);
    part.hidden = text === "";
  }
  const place = /** @type {HTMLElement} */ (item.querySelector(".cures"));
  const commands = cures.map(([, command]) => command).join("\n");
  if (place.dataset.commands !== commands) {
    place.dataset.commands = commands;
    place.replaceChildren(
      ...cures.flatMap(([what, command]) => [create("dt", {}, what), create("dd", {}, drawCommand(command))]),
    );
  }
  return item;
}

function drawEmpty() {
  return create(
    "li",
    { class: "trouble" },
    create(
      "h3",
      {},
      create("b"),
      " ",
      create("span", { class: "is" }),
      " ",
      create("span", { class: "since" }),
    ),
    create("p", { class: "why" }),
    create("p", { class: "facts" }),
    create("dl", { class: "cures" }),
  );
}

/** A command, each word of it apart, so that a line ends between two. @param {string} command */
function drawCommand(command) {
  const words = command.split(" ").flatMap((word) => [" ", create("span", {}, word)]);
  return create("code", {}, ...words.slice(1));
}

/** Leaves a text that has not changed alone. @param {HTMLElement} element @param {string} text */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
