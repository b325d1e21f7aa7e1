import { expect, test } from "bun:test";
import { readFilter } from "../../src/observe/filter.ts";

const EVERYTHING = { sources: [], destinations: [], types: [], outcomes: [] };

test("readFilter reads lists, repeats and accepted", () => {
  const filter = readFilter(
    new URLSearchParams("source=a,b&source=c&destination=d&type=track&outcome=accepted,rejected"),
  );
  expect(filter).toEqual({
    sources: ["a", "b", "c"],
    destinations: ["d"],
    types: ["track"],
    outcomes: ["published", "spooled", "quarantined", "rejected"],
  });
  expect(readFilter(new URLSearchParams("source="))).toEqual({ ...EVERYTHING, sources: [""] });
});

test("readFilter says what it cannot read", () => {
  expect(readFilter(new URLSearchParams("type=identify"))).toBe(
    'Cannot filter by type: "identify" is not page or track',
  );
  expect(readFilter(new URLSearchParams("outcome=constructor"))).toMatch(
    /^Cannot filter by outcome: "constructor" is not one of accepted, /,
  );
});
