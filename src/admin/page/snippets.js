// What a pixel looks like in a page, an AMP page or an e-mail. Pure: text in, text out.
import { encodePart, escapeAttribute } from "./quote.js";

/**
 * @typedef {object} Pixel
 * @property {string} base public address of the gateway, without a slash at its end
 * @property {"page" | "track"} type
 * @property {string} writeKey
 * @property {string} name name of the page, or of the action
 * @property {readonly (readonly [string, string])[]} fields further parameters: key and value
 */

// The placeholders of mail programs and templates; encoded, they would not be filled in.
const MERGE_TAG = /(\{\{.*?\}\}|\*\|.*?\|\*|%%.*?%%|\$\{.*?\})/;

/** @param {string} text */
function encodeValue(text) {
  return text
    .split(MERGE_TAG)
    .map((part, index) => (index % 2 === 1 ? part : encodePart(part)))
    .join("");
}

/** The URL of a pixel. @param {Pixel} pixel @param {boolean} isGif */
export function writeUrl(pixel, isGif = false) {
  const pairs = [["writeKey", pixel.writeKey], ...pixel.fields];
  if (pixel.type === "track" || pixel.name !== "") {
    pairs.push([pixel.type === "track" ? "event" : "name", pixel.name]);
  }
  const query = pairs.map(([key = "", value = ""]) => `${encodeValue(key)}=${encodeValue(value)}`).join("&");
  return `${pixel.base}/pixel/v1/${pixel.type}${isGif ? ".gif" : ""}?${query}`;
}

/** @param {Pixel} pixel */
function writeImage(pixel) {
  return `<img src="${escapeAttribute(writeUrl(pixel))}" width="1" height="1" alt="">`;
}

/** @param {Pixel} pixel */
function writeNoscript(pixel) {
  const src = escapeAttribute(writeUrl(pixel));
  return `<noscript>\n  <img src="${src}" width="1" height="1" alt="" style="display:none">\n</noscript>`;
}

/** @param {Pixel} pixel */
function writeMail(pixel) {
  const src = escapeAttribute(writeUrl(pixel, true));
  return `<img src="${src}" width="1" height="1" alt="" border="0" style="display:block;width:1px;height:1px;border:0">`;
}

/** AMP fills in the page and its visitor by itself; its vendor configuration names the variables. @param {Pixel} pixel */
function writeAmp(pixel) {
  /** @type {Record<string, string>} */
  const vars = { dataPlaneUrl: pixel.base, writeKey: pixel.writeKey };
  /** @type {Record<string, string>} */
  const extra = {};
  for (const [key, value] of pixel.fields) {
    if (key === "anonymousId") vars[key] = value;
    else if (!key.startsWith("context.page.")) extra[key] = value;
  }
  if (pixel.type === "page" && pixel.name !== "") vars.pageName = pixel.name;
  const config = {
    vars,
    ...(Object.keys(extra).length === 0 ? {} : { extraUrlParams: extra }),
    ...(pixel.type === "page"
      ? {}
      : { triggers: { track: { on: "visible", request: "track", vars: { eventName: pixel.name } } } }),
  };
  // Inside a script element a `<` could end it.
  const json = JSON.stringify(config, null, 2).replaceAll("<", "\\u003c").replaceAll("\n", "\n    ");
  return [
    '<script async custom-element="amp-analytics" src="https://cdn.ampproject.org/v0/amp-analytics-0.1.js"></script>',
    "",
    '<amp-analytics type="rudderstack">',
    '  <script type="application/json">',
    `    ${json}`,
    "  </script>",
    "</amp-analytics>",
  ].join("\n");
}

/** Half surrogate pairs become U+FFFD: JSON would keep them, and AMP throw at them. @param {Pixel} pixel @returns {Pixel} */
function mend({ base, type, writeKey, name, fields }) {
  return {
    base: base.toWellFormed(),
    type,
    writeKey: writeKey.toWellFormed(),
    name: name.toWellFormed(),
    fields: fields.map(([key, value]) => [key.toWellFormed(), value.toWellFormed()]),
  };
}

/** The forms a pixel is offered in: a label, a word on its use, and how it is written. */
export const FORMS = [
  { id: "url", label: "URL", note: "For curl, a redirect or your own code.", write: writeUrl },
  { id: "img", label: "Image", note: "For any HTML page.", write: writeImage },
  {
    id: "noscript",
    label: "noscript",
    note: "Beside a script, for visitors without one.",
    write: writeNoscript,
  },
  {
    id: "amp",
    label: "AMP",
    note: "The script goes into the head, the rest into the body. AMP sends a page view by itself and wants https.",
    write: writeAmp,
  },
  {
    id: "mail",
    label: "E-mail",
    note: "Merge tags such as {{ user_id }} stay as they are, for your mail program to fill in.",
    write: writeMail,
  },
].map((form) => ({ ...form, write: (/** @type {Pixel} */ pixel) => form.write(mend(pixel)) }));
