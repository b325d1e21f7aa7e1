// Percent-decoding as the URL standard does it for forms: nothing throws, a broken `%` stays, bad UTF-8 becomes U+FFFD.

// What was decoded last, by a hash of how it was written. Pages, titles, user agents and referrers come again, on an
// AMP page even twice in one query: 2.7 instead of 4.8 µs for 18 parameters, 3.6 instead of 4.9 where no visit shares
// a value. Bounded: a slot holds one value, and with it at most the one query it was cut from.
const SLOTS = 512;
const LONGEST_REMEMBERED = 512;
const written: string[] = new Array<string>(SLOTS).fill("");
const decoded: string[] = new Array<string>(SLOTS).fill("");

/** Decodes `text.slice(start, end)`, without cutting it out where it was decoded before. */
export function decodeSlice(text: string, start: number, end: number): string {
  const length = end - start;
  if (length > LONGEST_REMEMBERED) return decode(text.slice(start, end));
  // Some eight characters spread over the slice tell real values apart; equality decides, not the hash.
  const step = (length >> 3) + 1;
  let hash = length;
  for (let at = end - 1; at >= start; at -= step) hash = (hash * 31 + text.charCodeAt(at)) | 0;
  const slot = (hash ^ (hash >>> 9)) & (SLOTS - 1);
  const known = written[slot];
  if (known !== undefined && known.length === length && text.startsWith(known, start)) {
    return decoded[slot] ?? "";
  }
  const raw = text.slice(start, end);
  const plain = decode(raw);
  written[slot] = raw;
  decoded[slot] = plain;
  return plain;
}

// Two tools, one result: the engine's own is faster, but throws where a value is broken (2.5 µs), and `replaceAll` takes
// 23 ns for each `+`. After a broken value the next ones are decoded byte by byte, for whoever sends one sends more.
const WARY = 64;
const FEW_PLUSES = 8;
let wary = 0;

/** Decodes one key or value of a query string: `+` is a space, then percent-decoding, then UTF-8. */
export function decode(raw: string): string {
  if (hasManyPluses(raw)) return decodeBytes(raw);
  const isPlain = !raw.includes("%");
  if (!isPlain && wary > 0) {
    wary--;
    return decodeBytes(raw);
  }
  const spaced = raw.includes("+") ? raw.replaceAll("+", " ") : raw;
  if (isPlain) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    wary = WARY;
    return decodeBytes(raw);
  }
}

function hasManyPluses(raw: string): boolean {
  let at = -1;
  for (let count = 0; count < FEW_PLUSES; count++) {
    at = raw.indexOf("+", at + 1);
    if (at < 0) return false;
  }
  return true;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** Bytes of a UTF-16 unit in UTF-8, at most. */
const MAX_UNIT_BYTES = 3;
const scratch = new Uint8Array(16 * 1024);

function decodeBytes(text: string): string {
  const fits = text.length * MAX_UNIT_BYTES <= scratch.length;
  const bytes = fits ? scratch : encoder.encode(text);
  const end = fits ? encoder.encodeInto(text, scratch).written : bytes.length;
  let length = 0;
  for (let at = 0; at < end; at++) {
    let byte = bytes[at] as number;
    if (byte === 43 /* + */) byte = 32;
    else if (byte === 37 /* % */ && at + 2 < end) {
      const high = hexDigit(bytes[at + 1] as number);
      const low = hexDigit(bytes[at + 2] as number);
      if (high >= 0 && low >= 0) {
        byte = high * 16 + low;
        at += 2;
      }
    }
    bytes[length++] = byte;
  }
  return decoder.decode(bytes.subarray(0, length));
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
