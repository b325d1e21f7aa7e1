// Times and sizes as an operator writes them: 72h, 10GiB. The environment and the configuration file read them alike. And
// numbers with their nouns, as an operator is told them.

/** What is the case with a text that cannot be read. */
export class Fault extends Error {
  override readonly name = "Fault";
}

const DURATIONS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time in milliseconds from a text such as `72h`. Throws a `Fault`. */
export function readDuration(text: string): number {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  const unit = DURATIONS[match?.[2] ?? ""];
  if (match === null || unit === undefined) throw new Fault("is not a duration such as 72h, 30m or 45s");
  return Number(match[1]) * unit;
}

const SIZES: Record<string, number> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

// A spool or a stream that holds less is a typing error.
const MIN_BYTES = 1024 ** 2;

/** Bytes from a text such as `1GiB`, 1 MiB or more. Throws a `Fault`. */
export function readSize(text: string): number {
  const match = /^(\d{1,15})\s*([kmgt]?)(?:i?b)?$/i.exec(text);
  const unit = SIZES[match?.[2]?.toLowerCase() ?? "?"];
  if (match === null || unit === undefined) throw new Fault("is not a size such as 1GiB, 64MiB or 1048576");
  const bytes = Number(match[1]) * unit;
  if (bytes < MIN_BYTES) throw new Fault(`is less than ${MIN_BYTES} bytes`);
  return bytes;
}

/** A bound in bytes from a text such as `1GiB`, -1 from `none`. Throws a `Fault`. */
export function readBound(text: string): number {
  return text === "none" ? -1 : readSize(text);
}

/** A part of a whole, over 0 and up to 1, from a text such as `50%` or `0.5`. Throws a `Fault`. */
export function readShare(text: string): number {
  const match = /^(\d{1,3}(?:\.\d{1,6})?)(%?)$/.exec(text);
  const share = match === null ? Number.NaN : Number(match[1]) / (match[2] === "%" ? 100 : 1);
  if (share > 0 && share <= 1) return share;
  throw new Fault("is not a share such as 50% or 0.5, over 0 and up to 100%");
}

/** A time as `readDuration` reads it, in the largest unit that needs no fraction. */
export function writeDuration(ms: number): string {
  return writeIn(DURATIONS, ms);
}

/** A size as `readSize` reads it, in the largest unit that needs no fraction. */
export function writeSize(bytes: number): string {
  return writeIn(SIZES, bytes).replace(/[kmgt]$/, (unit) => `${unit.toUpperCase()}iB`);
}

function writeIn(units: Readonly<Record<string, number>>, value: number): string {
  const fits = Object.entries(units).filter(([, size]) => value % size === 0);
  const [name, size] = fits.at(-1) ?? ["", 1];
  return `${value / size}${name}`;
}

/** A number and the noun's form for it; digits ungrouped, so that other programs can read them. */
export function countOf(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
