// The keys of a query as they stand there, in their order: what makes its shape. Odd pairs have none: an empty one, one
// without `=`, a key that is not ASCII.

/** The most parameters of a shape. */
export const MOST_KEYS = 96;
/** The longest key of a shape, in characters. */
export const LONGEST_KEY = 128;
/** The most characters of all keys of a shape. */
export const MOST_LETTERS = 2048;

const AMPERSAND = 38;

/** `hashKeys` of a query that has no shape. */
export const ODD_KEYS = 0;

/** A number that shapes are told apart by as far as a glance goes. 2 ns for each letter of a key. */
export function hashKeys(text: string, from: number): number {
  let hash = 0x811c9dc5;
  let count = 0;
  let letters = 0;
  for (let at = from; at < text.length; count++) {
    const equals = text.indexOf("=", at);
    const end = endOf(text, at);
    letters += equals - at;
    if (count === MOST_KEYS || equals < 0 || equals > end || equals - at > LONGEST_KEY) return ODD_KEYS;
    if (letters > MOST_LETTERS) return ODD_KEYS;
    for (; at <= equals; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
    at = end + 1;
  }
  return count === 0 ? ODD_KEYS : hash;
}

/** The keys of a query that `hashKeys` has not found odd; null where one is not ASCII. */
export function readKeys(text: string, from: number): readonly string[] | null {
  const keys: string[] = [];
  for (let at = from; at < text.length; at = endOf(text, at) + 1) {
    keys.push(text.slice(at, text.indexOf("=", at)));
  }
  return keys.every((key) => /^[\x21-\x7e]*$/.test(key)) ? keys : null;
}

function endOf(text: string, at: number): number {
  if (text.charCodeAt(at) === AMPERSAND) return at;
  const end = text.indexOf("&", at);
  return end < 0 ? text.length : end;
}
