import { expect, test } from "bun:test";
import fc from "fast-check";
import { isWritable, readInstant, writeInstant } from "../../src/pixel/timestamp.ts";

const digits = (count: number, most: number) =>
  fc.integer({ min: 0, max: most }).map((number) => String(number).padStart(count, "0"));
const text = fc
  .tuple(
    digits(4, 9999),
    digits(2, 13),
    digits(2, 32),
    digits(2, 25),
    digits(2, 61),
    digits(2, 61),
    digits(3, 999),
  )
  .map(
    ([year, month, day, hour, minute, second, ms]) =>
      `${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}Z`,
  );
const broken = fc
  .tuple(
    text,
    fc.nat(23),
    fc.constantFrom("", "x", " ", "/", ":", "-", "+", "9", "T", "\u0663", "\u00e9"),
    fc.nat(1),
  )
  .map(([whole, at, put, cut]) => whole.slice(0, at) + put + whole.slice(at + cut));

test("readInstant reads what looks as writeInstant writes if writeInstant writes it, and nothing like it", () => {
  fc.assert(
    fc.property(fc.oneof(text, broken), (given) => {
      const date = new Date(given);
      const isInstant = !Number.isNaN(date.getTime()) && date.toISOString() === given;
      const other = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d([.,]\d{1,9})?)?Z$/i.test(given) && given.length !== 24;
      if (!other) expect(readInstant(given)).toBe(isInstant ? date.getTime() : Number.NaN);
    }),
    { numRuns: 20_000 },
  );
});

test("readInstant reads every instant that writeInstant writes", () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }), (epochMs) => {
      expect(isWritable(epochMs)).toBe(true);
      expect(readInstant(writeInstant(epochMs))).toBe(epochMs);
    }),
    { numRuns: 20_000 },
  );
});
