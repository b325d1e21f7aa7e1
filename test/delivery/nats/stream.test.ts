import { expect, test } from "bun:test";
import { covers } from "../../../src/delivery/nats/stream.ts";

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
];

for (const [pattern, subject, isCovered] of ROWS) {
  test(`covers says ${isCovered} for ${subject} in ${pattern}`, () => {
    expect(covers(["other", pattern], subject)).toBe(isCovered);
  });
}
