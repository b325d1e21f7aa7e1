// The keys of a query as they stand there, in their order: what makes its shape. Odd pairs have none: an empty one, one
// without `=`, a key that is very long, or is not of printable ASCII.

/** The most parameters of a shape. */
export const MOST_KEYS = 96;
/** The longest key of a shape, in characters. */
export const LONGEST_KEY = 128;
/** The most characters of all keys of a shape. */
export const MOST_LETTERS = 2048;

const PRINTABLE = /^[\x21-\x7e]*$/;

/** `hashKeys` of keys that no shape has. */
export const ODD_KEYS = 0;

/**
 * A number that shapes are told apart by as far as a glance goes, for the keys from `from` on; `seed`, `count` and `letters`
 * are the number of those before it, how many they are and how long. Of a long key some 16 letters do: 2 ns each.
 */
export function hashKeys(text: string, from: number, seed: number, count: number, letters: number): number {
  let hash = seed ^ 0x811c9dc5;
  let keys = count;
  let length = letters;
  for (let at = from; at < text.length; keys++) {
    const equals = text.indexOf("=", at);
    const end = endOfPair(text, at);
    length += equals - at;
    if (keys === MOST_KEYS || equals < 0 || equals > end || equals - at > LONGEST_KEY) return ODD_KEYS;
    if (length > MOST_LETTERS) return ODD_KEYS;
    const step = ((equals - at) >> 4) + 1;
    for (let letter = equals; letter >= at; letter -= step) {
      hash = Math.imul(hash ^ text.charCodeAt(letter), 0x01000193);
    }
    at = end + 1;
  }
  return keys === 0 ? ODD_KEYS : hash;
}

/** The keys of a query that `hashKeys` has not found odd; null where one is. */
export function readKeys(text: string, from: number): readonly string[] | null {
  const keys: string[] = [];
  for (let at = from; at < text.length; at = endOfPair(text, at) + 1) {
    keys.push(text.slice(at, text.indexOf("=", at)));
  }
  return keys.every((key) => PRINTABLE.test(key)) ? keys : null;
}

function endOfPair(text: string, at: number): number {
  const end = text.indexOf("&", at);
  return end < 0 ? text.length : end;
}
