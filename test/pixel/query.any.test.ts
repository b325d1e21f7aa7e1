import { expect, test } from "bun:test";
import fc from "fast-check";
import { type QueryValue, readQuery } from "../../src/pixel/query.ts";
import { Rejection } from "../../src/pixel/rejection.ts";
import { json, reference } from "../support/queries.ts";

// Strings made of what the syntax knows, so that paths meet, repeat and collide.
const segment = fc.constantFrom(
  "a",
  "b",
  "0",
  "1",
  "01",
  "3",
  "-1",
  "256",
  ":1",
  ":",
  "",
  "\\b",
  "__proto__",
  "length",
);
const key = fc.oneof(
  { weight: 4, arbitrary: fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(".")) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.constantFrom("a", ".", ":", "\\", "0", "+", "%2E", "%", "=", "%41") }),
  },
);
const nestedQuery = fc
  .array(fc.tuple(key, fc.constantFrom("", "1", "x%20y", "%zz", "%C3", "+")), { maxLength: 24 })
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join("&"));
const anyQuery = fc.oneof(
  nestedQuery,
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ unit: fc.constantFrom(..."ab01.:\\&=+%#?;{}|é\ud800\u0000".split("")), maxLength: 300 }),
  fc
    .array(fc.constantFrom("%", "%E2", "%82", "%ff", "%00", "a", "&", "=", "\udc00", "日"))
    .map((it) => it.join("")),
);
const runs = { numRuns: 2000 };

test("readQuery never throws and gives an object or a 400", () => {
  fc.assert(
    fc.property(anyQuery, (query) => {
      const result = readQuery(query);
      if (result instanceof Rejection) expect(result.status).toBe(400);
      else expect(Object.getPrototypeOf(result)).toBeNull();
    }),
    runs,
  );
});

test("readQuery agrees with the rules written down naively", () => {
  fc.assert(
    fc.property(nestedQuery, (query) => {
      expect(json(query)).toEqual(reference(query));
    }),
    runs,
  );
});

test("readQuery gives the same whatever it read before", () => {
  fc.assert(
    fc.property(anyQuery, anyQuery, (query, other) => {
      const first = JSON.stringify(readQuery(query));
      readQuery(other);
      readQuery(`${other}&${query}`);
      expect(JSON.stringify(readQuery(query))).toBe(first);
    }),
    runs,
  );
});

test("readQuery agrees with URLSearchParams on every flat query", () => {
  const flatCharacter = fc.constantFrom(
    ..."ab0-&=+%;{}|é\u0000\ud800\udc00".split(""),
    "%41",
    "%e2%82%ac",
    "%FF",
    "%26",
    "%3D",
  );
  const flat = fc.oneof(
    fc.string({ unit: flatCharacter, maxLength: 100 }),
    fc.string({ unit: "binary", maxLength: 100 }).map((text) => text.replace(/[.:\\]/g, "_")),
    fc.string({ unit: "grapheme", maxLength: 40 }).map((text) => text.replace(/[.:\\]/g, "_")),
  );
  fc.assert(
    fc.property(flat, (query) => {
      const expected: [string, string][] = [];
      // URLSearchParams takes a leading ? away; a query string has none to lose.
      for (const [name, value] of new URLSearchParams(`?${query}`)) {
        if (name !== "" && !expected.some(([earlier]) => earlier === name)) expected.push([name, value]);
      }
      const result = readQuery(query);
      if (result instanceof Rejection) throw new Error(result.reason);
      expect(Object.entries(result).sort()).toEqual(expected.sort());
    }),
    runs,
  );
});

test("readQuery never touches a prototype", () => {
  const shared = [
    Object.prototype,
    Array.prototype,
    String.prototype,
    Function.prototype,
    Rejection.prototype,
  ];
  const snapshot = () => shared.map((prototype) => Object.getOwnPropertyDescriptors(prototype));
  const before = snapshot();
  const hostile = fc.constantFrom(
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "length",
    "0",
    "-1",
    "__defineSetter__",
    "x",
  );
  const path = fc.array(hostile, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("."));
  fc.assert(
    fc.property(fc.array(path, { minLength: 1, maxLength: 12 }), (paths) => {
      const query = paths.map((name, i) => `${name}=${i}`).join("&");
      const result = readQuery(query);
      if (result instanceof Rejection) throw new Error(result.reason);
      expectBare(result);
      expect(json(query)).toEqual(reference(query));
    }),
    runs,
  );
  const after = snapshot();
  for (const [i, prototype] of before.entries()) expect(after[i]).toEqual(prototype);
  expect(({} as Record<string, unknown>).x).toBeUndefined();
});

// A value or name at most grows sixfold (a raw control character is six in JSON), so does `.` (`{"":` and `}`). Only
// gaps grow more, five for each null, and there are at most 255 of them.
test("readQuery gives JSON of at most 6 × the query + 1,283 characters", () => {
  const dense = fc
    .array(fc.constantFrom("a", ".255", ".", ".0", "&", "b", "=", ".-1", "\u0001", '"', "c&.99"))
    .map((it) => it.join(""));
  fc.assert(
    fc.property(fc.oneof(anyQuery, dense), (query) => {
      const result = readQuery(query);
      if (result instanceof Rejection) return;
      const text = JSON.stringify(result);
      expect(text.length).toBeLessThanOrEqual(6 * query.length + 5 * 255 + 8);
      const gaps = text.match(/null/g)?.length ?? 0;
      expect(text.length).toBeLessThanOrEqual(6 * query.length + 5 * gaps + 8);
    }),
    runs,
  );
});

/** Every object in a result is without prototype and every array is a plain one. */
function expectBare(value: QueryValue): void {
  if (typeof value !== "object" || value === null) return;
  expect(Object.getPrototypeOf(value)).toBe(Array.isArray(value) ? Array.prototype : null);
  for (const child of Object.values(value)) expectBare(child);
}
