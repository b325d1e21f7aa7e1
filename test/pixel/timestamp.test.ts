// The rules: docs/wire-contract.md, "Instants".
import { expect, test } from "bun:test";
import fc from "fast-check";
import { isWritable, readInstant, writeInstant } from "../../src/pixel/timestamp.ts";

const READ: readonly [rule: string, text: string, instant: string][] = [
  ["UTC with milliseconds", "2026-11-23T10:00:00.123Z", "2026-11-23T10:00:00.123Z"],
  ["UTC without a fraction", "2026-11-23T10:00:00Z", "2026-11-23T10:00:00.000Z"],
  ["a minute without seconds", "2026-11-23T10:00Z", "2026-11-23T10:00:00.000Z"],
  ["a fraction of one digit", "2026-11-23T10:00:00.5Z", "2026-11-23T10:00:00.500Z"],
  ["nanoseconds, cut to milliseconds", "2026-11-23T10:00:00.123999999Z", "2026-11-23T10:00:00.123Z"],
  ["a fraction after a comma", "2026-11-23T10:00:00,250Z", "2026-11-23T10:00:00.250Z"],
  ["lower-case letters", "2026-11-23t10:00:00z", "2026-11-23T10:00:00.000Z"],
  ["an offset east of Greenwich", "2026-11-23T12:00:00+02:00", "2026-11-23T10:00:00.000Z"],
  ["an offset west of Greenwich", "2026-11-23T04:30:00-05:30", "2026-11-23T10:00:00.000Z"],
  ["an offset without a colon", "2026-11-23T12:00:00+0200", "2026-11-23T10:00:00.000Z"],
  ["an offset that changes the day", "2026-01-01T00:30:00+01:00", "2025-12-31T23:30:00.000Z"],
  ["a leap day", "2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000Z"],
  ["a year below 100", "0026-01-01T00:00:00Z", "0026-01-01T00:00:00.000Z"],
];
for (const [rule, text, instant] of READ) {
  test(`readInstant reads ${rule}`, () => expect(writeInstant(readInstant(text))).toBe(instant));
}

const REFUSED: readonly [rule: string, text: string][] = [
  ["nothing", ""],
  ["a word", "now"],
  ["epoch milliseconds", "1763892000000"],
  ["a date without time", "2026-11-23"],
  ["a local time without zone", "2026-11-23T10:00:00"],
  ["a space in place of T", "2026-11-23 10:00:00Z"],
  ["month 13", "2026-13-01T00:00:00Z"],
  ["month 0", "2026-00-01T00:00:00Z"],
  ["day 0", "2026-01-00T00:00:00Z"],
  ["30 February", "2026-02-30T00:00:00Z"],
  ["a leap day of another year", "2026-02-29T00:00:00Z"],
  ["hour 24", "2026-11-23T24:00:00Z"],
  ["minute 60", "2026-11-23T10:60:00Z"],
  ["second 60", "2026-11-23T10:00:60Z"],
  ["an offset of 24 hours", "2026-11-23T10:00:00+24:00"],
  ["a year of five digits", "12026-11-23T10:00:00Z"],
  ["text before it", "x2026-11-23T10:00:00Z"],
  ["text after it", "2026-11-23T10:00:00Zx"],
  ["a line break after it", "2026-11-23T10:00:00Z\n"],
  ["a date as browsers print it", "Mon Nov 23 2026 10:00:00 GMT+0000"],
];
for (const [rule, text] of REFUSED) {
  test(`readInstant refuses ${rule}`, () => expect(readInstant(text)).toBeNaN());
}

test("readInstant reads what writeInstant writes", () => {
  const range = { min: Date.parse("0000-01-01T00:00:00Z"), max: Date.parse("9999-12-31T23:59:59.999Z") };
  fc.assert(fc.property(fc.integer(range), (ms) => expect(readInstant(writeInstant(ms))).toBe(ms)));
});

test("isWritable admits the years 0000 to 9999 and nothing else", () => {
  const first = Date.UTC(2000, 0, 1) - 2000 * 365.2425 * 86_400_000;
  expect(isWritable(first)).toBe(true);
  expect(isWritable(first - 1)).toBe(false);
  expect(isWritable(Date.UTC(9999, 11, 31, 23, 59, 59, 999))).toBe(true);
  expect(isWritable(Date.UTC(10000, 0, 1))).toBe(false);
  expect(isWritable(Number.NaN)).toBe(false);
  expect(isWritable(Number.POSITIVE_INFINITY)).toBe(false);
});
