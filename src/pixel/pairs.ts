// Reads a query string pair by pair, as the URL standard decodes a form. Knows keys only as far as to find their path.
import { type Path, plainPath, readPath, START } from "./path.ts";

/** A cursor over the pairs of a query string: after each `next()` that is true, `path` and `value` are the pair's. */
export class Pairs {
  path: Path = START;
  value = "";
  /** Where the pair begins, for a reader that has to look back. */
  start = 0;

  readonly #query: string;
  #at = 0;
  // The next `%` and `+` at or after the pair: what has neither needs no decoding and is a mere slice.
  #percent = -1;
  #plus = -1;

  constructor(query: string) {
    // Lone surrogates become U+FFFD as everywhere in the URL standard; a string of a request line passes in 8 ns.
    this.#query = query.toWellFormed();
  }

  /** Moves to the next pair that is not empty; false at the end. */
  next(): boolean {
    const query = this.#query;
    let start = this.#at;
    while (query.charCodeAt(start) === 38 /* & */) start++;
    if (start >= query.length) return false;
    this.start = start;

    const previous = this.path;
    const guess = previous.next;
    let valueStart: number;
    let end: number;
    // Clients repeat the key order of the query before, so a comparison stands in for two searches, a slice and a hash.
    if (guess !== undefined && query.startsWith(guess.prefix, start)) {
      this.path = guess;
      valueStart = start + guess.prefix.length;
      end = endOf(query, valueStart);
    } else {
      end = endOf(query, start);
      const pair = query.slice(start, end);
      const equals = pair.indexOf("=");
      const key = equals < 0 ? pair : pair.slice(0, equals);
      valueStart = equals < 0 ? end : start + equals + 1;
      if (key.includes("%") || key.includes("+")) {
        this.path = readPath(decode(key));
      } else {
        this.path = plainPath(key);
        previous.next = this.path;
      }
    }

    this.#at = end + 1;
    if (this.#percent < valueStart) this.#percent = indexFrom(query, "%", valueStart);
    if (this.#plus < valueStart) this.#plus = indexFrom(query, "+", valueStart);
    const raw = query.slice(valueStart, end);
    this.value = this.#percent < end || this.#plus < end ? decode(raw) : raw;
    return true;
  }
}

function endOf(query: string, from: number): number {
  const end = query.indexOf("&", from);
  return end < 0 ? query.length : end;
}

function indexFrom(query: string, character: string, from: number): number {
  const index = query.indexOf(character, from);
  return index < 0 ? query.length : index;
}

function decode(raw: string): string {
  const spaced = raw.includes("+") ? raw.replaceAll("+", " ") : raw;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return decodeBytes(spaced);
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Where `%` is broken or the bytes are not UTF-8: the URL standard's percent-decode, then UTF-8 with replacement. */
function decodeBytes(text: string): string {
  const bytes = encoder.encode(text);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    let byte = bytes[at] ?? 0;
    if (byte === 37 /* % */) {
      const high = hexDigit(bytes[at + 1]);
      const low = hexDigit(bytes[at + 2]);
      if (high >= 0 && low >= 0) {
        byte = high * 16 + low;
        at += 2;
      }
    }
    bytes[length++] = byte;
  }
  return decoder.decode(bytes.subarray(0, length));
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
