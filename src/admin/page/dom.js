// Elements, from text alone: what an event says never becomes markup.

/** The child of a fragment of the page that has this id, of this class. @template {Element} T */
export function byId(/** @type {string} */ id, /** @type {new () => T} */ kind) {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(`Cannot find ${kind.name} #${id} in the page`);
}

/**
 * Creates an element with attributes and children; a text child is a text node.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function create(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * The address of a path of the admin port. A relative one would have the user and the password that the page may have
 * been opened by, and fetch refuses such an address.
 * @param {string} path
 */
export function addressOf(path) {
  return `${location.origin}${path}`;
}

/** Copies a text and says so on the button for a moment. @param {HTMLButtonElement} button @param {string} text */
export async function copy(button, text) {
  const label = button.dataset.label ?? button.textContent ?? "";
  button.dataset.label = label;
  button.textContent = (await write(text)) ? "Copied" : "Cannot copy";
  setTimeout(() => {
    button.textContent = label;
  }, 1500);
}

/** @param {string} text */
async function write(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Over plain HTTP from another machine there is no clipboard API; the old command still works there.
    const area = create("textarea", { class: "away", readonly: "" });
    area.value = text;
    document.body.append(area);
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    return isCopied;
  }
}

/** Replaces what a select offers, and keeps the choice where it is still there. @param {HTMLSelectElement} select @param {readonly (readonly [string, string])[]} options */
export function setOptions(select, options) {
  const chosen = select.value;
  select.replaceChildren(...options.map(([value, label]) => create("option", { value }, label)));
  if (options.some(([value]) => value === chosen)) select.value = chosen;
}
