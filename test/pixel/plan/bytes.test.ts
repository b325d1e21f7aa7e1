// What JSON.stringify and the decoder of queries make of a value is what is written of it, or nothing.
import { expect, test } from "bun:test";
import fc from "fast-check";
import { decode } from "../../../src/pixel/percent.ts";
import { MOST_BYTES, writeText, writeValue } from "../../../src/pixel/plan/bytes.ts";

/** What is written of a value that stands in a query; null where nothing is. */
function written(value: string): string | null {
  const query = Buffer.from(`key=${value}\0`);
  const to = Buffer.alloc(value.length * MOST_BYTES + 2, "_");
  const end = writeValue(to, 1, query, 4, query.length - 1);
  return end < 0 ? null : to.toString("utf8", 1, end);
}

const json = (text: string) => JSON.stringify(text).slice(1, -1);

const WRITTEN: readonly [rule: string, value: string, text: string][] = [
  ["an empty value", "", ""],
  ["what is plain", "amp-Zx9_~.!*()", "amp-Zx9_~.!*()"],
  ["plus signs as blanks", "a+b++c", "a b  c"],
  ["escapes in either case", "%2f%2F%C3%bc", "//ü"],
  ["characters of two, three and four bytes", "%C3%A9%E2%82%AC%F0%9F%9A%8B", "é€🚋"],
  [
    "the first and the last of each length",
    "%C2%80%DF%BF%E0%A0%80%EF%BF%BF%F0%90%80%80%F4%8F%BF%BF",
    "\u0080߿ࠀ￿𐀀\u{10ffff}",
  ],
  ["the characters around surrogates", "%ED%9F%BF%EE%80%80", "\ud7ff\ue000"],
  ["a mark of byte order", "%EF%BB%BFa", "\ufeffa"],
  ["quotes and backslashes", '%22a%22%5C"\\', '\\"a\\"\\\\\\"\\\\'],
  ["control characters with a letter", "%08%09%0A%0C%0D", "\\b\\t\\n\\f\\r"],
  ["other control characters", "%00%01%0b%1F\u0002", "\\u0000\\u0001\\u000b\\u001f\\u0002"],
  ["DEL and the line separator as they are", "%7F%E2%80%A8", "\u007f\u2028"],
  ["broken escapes as they are", "50%-100%%4%zz%g1%1g%", "50%-100%%4%zz%g1%1g%"],
  ["an escape of an escape once", "%2541", "%41"],
];
for (const [rule, value, text] of WRITTEN) {
  test(`writeValue writes ${rule}`, () => {
    expect(written(value)).toBe(text);
    expect(written(value)).toBe(json(decode(value)));
  });
}

const REFUSED: readonly [rule: string, value: string][] = [
  ["a byte that begins nothing", "%80"],
  ["a byte that UTF-8 does not have", "%FF"],
  ["an overlong form of two bytes", "%C1%BF"],
  ["an overlong form of three bytes", "%E0%9F%BF"],
  ["an overlong form of four bytes", "%F0%8F%BF%BF"],
  ["a surrogate", "%ED%A0%80"],
  ["what is past the last character", "%F4%90%80%80"],
  ["a character that ends early", "%E2%82"],
  ["a character that a letter breaks", "%E2%82a"],
  ["a character that another one breaks", "%E2%C3%A9"],
  ["a character that a broken escape breaks", "%E2%82%"],
  ["a character whose escape ends early", "%C3%A"],
];
for (const [rule, value] of REFUSED) {
  test(`writeValue refuses ${rule}`, () => expect(written(value)).toBeNull());
}

test("writeValue writes any value as the reference does, or refuses what is not UTF-8", () => {
  const part = fc.constantFrom(
    "a",
    "&",
    "%",
    "+",
    '"',
    "\\",
    "%C3",
    "%BC",
    "%E2",
    "%82",
    "%AC",
    "%F0",
    "%9F",
    "%9A",
    "%8B",
    "%0",
    "%22",
    "\u0001",
    "4",
  );
  const value = fc.array(part, { maxLength: 20 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(
      fc.oneof(
        value,
        fc.string({ unit: "binary" }).map((text) => encodeURIComponent(text.toWellFormed())),
      ),
      (text) => {
        const result = written(text);
        if (result === null) expect(decode(text)).toContain("\ufffd");
        else expect(result).toBe(json(decode(text)));
      },
    ),
    { numRuns: 5000 },
  );
});

test("writeText writes any text as JSON does, lone surrogates too", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.constantFrom('say "hi"', "a\\b", "\u0001", "é", "\ud800", ""),
      ),
      (text) => {
        const to = Buffer.alloc(text.length * MOST_BYTES + 1, "_");
        const end = writeText(to, 1, text);
        expect(to.toString("utf8", 1, end)).toBe(json(text));
      },
    ),
    { numRuns: 2000 },
  );
});
