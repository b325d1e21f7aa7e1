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

/** 1 for the bytes that JSON escapes. */
const ESCAPED = new Uint8Array(256).fill(1, 0, FIRST_PRINTABLE);
for (const byte of [QUOTE, BACKSLASH]) ESCAPED[byte] = 1;

/** What a hex digit is as the first and as the second one; -1 for any other byte, which makes the sum of bits negative. */
const HIGH = new Int32Array(256).fill(-1);
const LOW = new Int32Array(256).fill(-1);
for (const [value, digit] of [..."0123456789abcdef"].entries()) {
  for (const code of [digit.charCodeAt(0), digit.toUpperCase().charCodeAt(0)]) {
    HIGH[code] = value << 4;
    LOW[code] = value;
  }
}

/** How JSON writes the control characters that have a letter; the others are `\u00xx`. */
const LETTERS = new Uint8Array(FIRST_PRINTABLE);
for (const [code, letter] of Object.entries({ 8: "b", 9: "t", 10: "n", 12: "f", 13: "r" })) {
  LETTERS[Number(code)] = letter.charCodeAt(0);
}
const HEX_DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));

/**
 * Writes the value `query[start..end)`, which is ASCII, decoded and escaped to `to` from `at` on, and returns where it ends;
 * -1 where it is no UTF-8 once decoded. Behind it stands what is no hex digit and no `%`. 0.8 ns for a byte that stays as it
 * is, 4 for an escape of three.
 */
export function writeValue(
  to: Uint8Array,
  at: number,
  query: Uint8Array,
  start: number,
  end: number,
): number {
  let place = at;
  let from = start;
  while (from < end) {
    let byte = query[from] as number;
    while (ODD[byte] === 0) {
      to[place++] = byte;
      if (++from >= end) return place;
      byte = query[from] as number;
    }
    from++;
    if (byte === PERCENT) {
      const value = (HIGH[query[from] as number] as number) | (LOW[query[from + 1] as number] as number);
      // A broken one stays as it is.
      if (value >= 0) {
        byte = value;
        from += 2;
      }
    } else if (byte === PLUS) byte = FIRST_PRINTABLE;
    if (byte >= FIRST_HIGH) {
      const more = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
      to[place++] = byte;
      if (!writeTail(to, place, query, from, byte, more)) return -1;
      place += more;
      from += more * 3;
    } else if (ESCAPED[byte] === 1) place = writeEscaped(to, place, byte);
    else to[place++] = byte;
  }
  return place;
}

/**
 * Writes what must follow the first byte of a character of several: so many percent-encoded bytes. False where it does not,
 * by the Unicode standard's table 3-7: none overlong, no surrogate, none past U+10FFFF.
 */
function writeTail(
  to: Uint8Array,
  at: number,
  query: Uint8Array,
  start: number,
  first: number,
  more: number,
): boolean {
  if (first < 0xc2 || first > 0xf4) return false;
  let least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  let most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  let from = start;
  for (let i = 0; i < more; i++) {
    if (query[from] !== PERCENT) return false;
    const byte = (HIGH[query[from + 1] as number] as number) | (LOW[query[from + 2] as number] as number);
    if (byte < least || byte > most) return false;
    to[at + i] = byte;
    from += 3;
    least = 0x80;
    most = 0xbf;
  }
  return true;
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

/** Writes a text escaped, and returns where it ends. ASCII without a quote, as nearly all is, costs no second text. */
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
