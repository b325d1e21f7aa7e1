// The dotted key syntax of the Pixel API: turns the text of a key into the path it names. Knows no query and no value.

/** A path of more segments than this is rejected (docs/wire-contract.md, "From query string to event"). */
export const MAX_SEGMENTS = 32;

/** And so is a query whose keys have more than this in all: four for each of 512 parameters. */
export const MAX_SEGMENTS_IN_ALL = 2048;

/** `Segment.index` of a key that is never an array index: a name, a forced key, a number over 255. */
export const NAMED = -2;
/** `Segment.index` of `-1`, which appends. */
export const APPEND = -1;
/** The last index an array can have; a number over it names a key of an object. */
export const MAX_INDEX = 255;

/** One step of a path: the key as an object has it, and its index (0 to 255, `APPEND` or `NAMED`) as an array has it. */
export interface Segment {
  readonly name: string;
  readonly index: number;
  next: Segment | undefined;
}

/** A key that has been read. */
export interface Path {
  /** The key as decoded: its identity where keys repeat. */
  readonly text: string;
  readonly first: Segment;
  /** There are more segments than the cap, and only as many have been read. */
  readonly tooDeep: boolean;
  /** How many segments have been read. */
  readonly depth: number;
  /** Some segment is `-1`, so that the path means another place each time. */
  readonly appends: boolean;
  /** How the key and its `=` look in a query string; empty where that is not the text itself, or is not remembered. */
  prefix: string;
  /** The path that followed this one when it was last met. */
  next: Path | undefined;
}

// Keys come from strangers: the cache is bounded in entries and in the length of each. The numbers of the tricks in
// query.ts, pairs.ts, path.ts and percent.ts are medians for the first row of `bun run bench:query`, all others on.
const CACHED_PATHS = 1024;
const CACHED_KEY_LENGTH = 64;
const cache = new Map<string, Path>();

const DOT = 46;
const NINE = 57;
const COLON = 58;
const BACKSLASH = 92;

/** The path before any first one: its `next` is how the last query began. */
export const START: Path = readPath("");

/** The path of a decoded key that stands exactly so in a query string: remembered, 5.4 instead of 11.0 µs for 18 parameters. */
export function pathAfter(previous: Path, text: string): Path {
  if (text.length > CACHED_KEY_LENGTH) return readPath(text);
  let path = cache.get(text);
  if (path === undefined) {
    if (cache.size === CACHED_PATHS) {
      cache.clear();
      // Forgotten paths are chained to each other; the chain hangs on this one link.
      START.next = undefined;
    }
    // A copy: a slice of the query would keep the whole query.
    const prefix = `${text}=`;
    const own = prefix.slice(0, -1);
    path = readPath(own);
    path.prefix = prefix;
    cache.set(own, path);
  }
  previous.next = path;
  return path;
}

/** Reads a decoded key: dots part segments, a leading `:` forces an object key, a backslash makes the next character literal. */
export function readPath(text: string): Path {
  const hasEscapes = text.includes("\\");
  let first: Segment | undefined;
  let last: Segment | undefined;
  let depth = 0;
  let appends = false;
  let start = 0;
  while (start <= text.length && depth < MAX_SEGMENTS) {
    const forced = text.charCodeAt(start) === COLON;
    if (forced) start++;
    const end = hasEscapes ? endOfEscaped(text, start) : endOf(text, start);
    const written = text.slice(start, end);
    const name = hasEscapes && written.includes("\\") ? unescapeName(written) : written;
    const segment: Segment = { name, index: forced ? NAMED : readIndex(name), next: undefined };
    if (last !== undefined) last.next = segment;
    first ??= segment;
    last = segment;
    if (segment.index === APPEND) appends = true;
    depth++;
    start = end + 1;
  }
  const tooDeep = start <= text.length;
  first ??= { name: "", index: NAMED, next: undefined };
  return { text, first, tooDeep, depth, appends, prefix: "", next: undefined };
}

function endOf(text: string, start: number): number {
  const end = text.indexOf(".", start);
  return end < 0 ? text.length : end;
}

function endOfEscaped(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) break;
    if (code === BACKSLASH) at++;
  }
  return Math.min(at, text.length);
}

// Codes in one array, and one text made of each few thousand: a text that grows by a letter at a time costs 5 times that.
const LONGEST_CALL = 4096;

/** The text that escapes stand for; a backslash at its end is one. */
function unescapeName(written: string): string {
  const codes: number[] = [];
  for (let at = 0; at < written.length; at++) {
    if (written.charCodeAt(at) === BACKSLASH && at + 1 < written.length) at++;
    codes.push(written.charCodeAt(at));
  }
  if (codes.length <= LONGEST_CALL) return String.fromCharCode(...codes);
  let text = "";
  for (let from = 0; from < codes.length; from += LONGEST_CALL) {
    text += String.fromCharCode(...codes.slice(from, from + LONGEST_CALL));
  }
  return text;
}

function readIndex(name: string): number {
  // Most names begin with a letter, and are told from an index by that.
  if (name.charCodeAt(0) > NINE) return NAMED;
  if (name === "-1") return APPEND;
  if (!/^[0-9]+$/.test(name)) return NAMED;
  const index = Number(name);
  return index <= MAX_INDEX ? index : NAMED;
}
