import { expect, test } from "bun:test";
import fc from "fast-check";
import { PatternSet, showSome } from "../../../src/delivery/nats/pattern.ts";

const ROWS: [string, string, boolean][] = [
  ["pixel.>", "pixel.a.page", true],
  ["pixel.>", "pixel", false],
  ["pixel.>", "pixels.a", false],
  ["pixel.*.page", "pixel.a.page", true],
  ["pixel.*.page", "pixel.a.track", false],
  ["pixel.*.page", "pixel.a.page.x", false],
  ["pixel.a.page", "pixel.a.page", true],
  [">", "x", true],
  ["*.*", "a.b", true],
  ["*.*", "a.b.c", false],
  ["pixel.>", "pixel.a.>", true],
  ["pixel.>", "pixel.>", true],
  ["pixel.>", "pixel.*.page", true],
  ["pixel.a.>", "pixel.>", false],
  ["pixel.*", "pixel.>", false],
  ["pixel.a", "pixel.*", false],
  ["pixel.*.*.0", "pixel.a.*.0", true],
];

for (const [pattern, subject, isCovered] of ROWS) {
  test(`covers says ${isCovered} for ${subject} in ${pattern}`, () => {
    expect(new PatternSet(["other", pattern]).covers(subject)).toBe(isCovered);
  });
}

const PAIRS: [string, string, boolean][] = [
  ["pixel.>", "pixel.a.page", true],
  ["pixel.>", "pixel", false],
  ["pixel.a.>", "pixel.b.>", false],
  ["pixel.a.>", "pixel.*.page", true],
  ["pixel.a.*.0", "pixel.a.*.1", false],
  ["pixel.a.*.0", "pixel.a.>", true],
  ["*.a", "pixel.*", true],
  ["pixel.a", "pixel.a.page", false],
  [">", "*", true],
];

for (const [one, other, isSo] of PAIRS) {
  test(`overlaps says ${isSo} for ${one} and ${other}, whichever comes first`, () => {
    const found = [new PatternSet(["x.y", one]).overlaps(other), new PatternSet([other]).overlaps(one)];
    expect(found).toEqual([isSo, isSo]);
  });
}

const TOKEN = fc.constantFrom("a", "b", "*");
const PATTERN = fc
  .tuple(fc.array(TOKEN, { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([tokens, isOpen]) => (isOpen ? [...tokens, ">"] : tokens).join("."));
/** Every subject of up to five tokens, of three letters of which patterns name two. */
const SUBJECTS = [1, 2, 3, 4, 5].flatMap((length) => {
  const letters = ["a", "b", "c"];
  return Array.from({ length: letters.length ** length }, (_, index) =>
    Array.from({ length }, (_, place) => letters[Math.floor(index / 3 ** place) % 3]).join("."),
  );
});

function fits(pattern: string, subject: string): boolean {
  const source = pattern.replaceAll(".", "\\.").replaceAll("*", "[^.]+").replace(">", ".+");
  return new RegExp(`^${source}$`).test(subject);
}

test("covers and overlaps say of patterns what is so of all their subjects", () => {
  fc.assert(
    fc.property(fc.array(PATTERN, { maxLength: 4 }), PATTERN, (patterns, other) => {
      const set = new PatternSet(patterns);
      const those = SUBJECTS.filter((subject) => fits(other, subject));
      const taken = (subject: string) => patterns.some((pattern) => fits(pattern, subject));
      expect(set.overlaps(other)).toBe(those.some(taken));
      // Several patterns may cover one together, which NATS does not look at either.
      const isCovered = patterns.some((pattern) => those.every((subject) => fits(pattern, subject)));
      expect(set.covers(other)).toBe(isCovered);
    }),
    { numRuns: 300 },
  );
});

test("showSome names five, and how many more there are", () => {
  expect(showSome(["a", "b", "c", "d", "e"])).toBe("a, b, c, d, e");
  expect(showSome(["a", "b", "c", "d", "e", "f", "g"])).toBe("a, b, c, d, e and 2 more");
});
