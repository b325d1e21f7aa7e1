// Writes texts into an event's bytes as JSON.stringify would write them: values as they stand percent-encoded in a query,
// without a string on the way, and texts that are strings already. Knows no field.

/** Bytes of JSON that a byte of a query, or a UTF-16 unit of a text, becomes at most: `\u0001`. */
export const MOST_BYTES = 6;

const QUOTE = 34;
const PERCENT = 37;
const PLUS = 43;
const BACKSLASH = 92;
const FIRST_PRINTABLE = 32;
const FIRST_HIGH = 128;

/** 1 for the bytes of a query that are not copied as they are. */
const ODD = new Uint8Array(256).fill(1, 0, FIRST_PRINTABLE).fill(1, FIRST_HIGH);
for (const byte of [QUOTE, PERCENT, PLUS, BACKSLASH]) ODD[byte] = 1;

const HEX = new Int8Array(256).fill(-1);
for (const [value, digit] of [..."0123456789abcdef"].entries()) {
  HEX[digit.charCodeAt(0)] = value;
  HEX[digit.toUpperCase().charCodeAt(0)] = value;
}

/** How JSON writes the control characters that have a letter; the others are `\u00xx`. */
const LETTERS = new Uint8Array(FIRST_PRINTABLE);
for (const [code, letter] of Object.entries({ 8: "b", 9: "t", 10: "n", 12: "f", 13: "r" })) {
  LETTERS[Number(code)] = letter.charCodeAt(0);
}
const HEX_DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));

/**
 * Writes the value `query[start..end)`, which is ASCII, decoded and escaped to `to` from `at` on, and returns where it ends:
 * 1.0 ns a byte. -1 where it is no UTF-8 once decoded. Behind `end` no digit may stand.
 */
export function writeValue(
  to: Uint8Array,
  at: number,
  query: Uint8Array,
  start: number,
  end: number,
): number {
  let place = at;
  let high = 0;
  for (let from = start; from < end; from++) {
    let byte = query[from] as number;
    if (ODD[byte] === 1) {
      if (byte === PERCENT) {
        const value =
          ((HEX[query[from + 1] as number] as number) << 4) | (HEX[query[from + 2] as number] as number);
        // A broken one stays as it is.
        if (value >= 0) {
          byte = value;
          from += 2;
          high |= byte;
        }
      } else if (byte === PLUS) byte = FIRST_PRINTABLE;
      if (byte < FIRST_PRINTABLE || byte === QUOTE || byte === BACKSLASH) {
        place = writeEscaped(to, place, byte);
        continue;
      }
    }
    to[place++] = byte;
  }
  return high >= FIRST_HIGH && !isWellFormed(to, at, place) ? -1 : place;
}

function writeEscaped(to: Uint8Array, at: number, byte: number): number {
  to[at] = BACKSLASH;
  const letter = byte < FIRST_PRINTABLE ? (LETTERS[byte] as number) : byte;
  if (letter !== 0) {
    to[at + 1] = letter;
    return at + 2;
  }
  to[at + 1] = 117; // u
  to[at + 2] = 48;
  to[at + 3] = 48;
  to[at + 4] = HEX_DIGITS[byte >> 4] as number;
  to[at + 5] = HEX_DIGITS[byte & 15] as number;
  return at + MOST_BYTES;
}

/** Whether bytes are UTF-8 as the Unicode standard has it (table 3-7): none overlong, no surrogate, none past U+10FFFF. */
function isWellFormed(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    const first = bytes[at++] as number;
    if (first < FIRST_HIGH) continue;
    if (first < 0xc2 || first > 0xf4) return false;
    const more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (at + more > end) return false;
    const second = bytes[at] as number;
    const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
    const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most) return false;
    for (let i = 1; i < more; i++) if (((bytes[at + i] as number) & 0xc0) !== 0x80) return false;
    at += more;
  }
  return true;
}

/** Writes a text escaped, and returns where it ends. What is ASCII without a quote, as nearly all is, costs no second text. */
export function writeText(to: Buffer, at: number, text: string): number {
  const { length } = text;
  if (to.write(text, at) === length) {
    const end = at + length;
    let place = at;
    while (place < end && isPlain(to[place] as number)) place++;
    if (place === end) return end;
  }
  return at + to.write(JSON.stringify(text).slice(1, -1), at);
}

function isPlain(byte: number): boolean {
  return byte >= FIRST_PRINTABLE && byte !== QUOTE && byte !== BACKSLASH;
}

// A call of `set` costs 18 ns whatever it copies, a loop 0.7 ns a byte.
const SHORT = 16;

/** Copies a constant piece, and returns where it ends. */
export function writePiece(to: Uint8Array, at: number, piece: Uint8Array): number {
  const { length } = piece;
  if (length > SHORT) to.set(piece, at);
  else for (let i = 0; i < length; i++) to[at + i] = piece[i] as number;
  return at + length;
}
