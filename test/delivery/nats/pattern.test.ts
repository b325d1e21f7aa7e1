import { expect, test } from "bun:test";
import { covers, overlap } from "../../../src/delivery/nats/pattern.ts";

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
    expect(covers(["other", pattern], subject)).toBe(isCovered);
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
  test(`overlap says ${isSo} for ${one} and ${other}, whichever comes first`, () => {
    expect([overlap(one, other), overlap(other, one)]).toEqual([isSo, isSo]);
  });
}
