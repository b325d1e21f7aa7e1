import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  Fault,
  readBound,
  readDuration,
  readShare,
  readSize,
  writeDuration,
  writeSize,
} from "../../src/config/units.ts";

const SHARES: readonly [text: string, share: number][] = [
  ["50%", 0.5],
  ["0.5", 0.5],
  ["100%", 1],
  ["1", 1],
  ["1.0", 1],
  ["12.5%", 0.125],
  ["1%", 0.01],
];
for (const [text, share] of SHARES) {
  test(`readShare reads ${text}`, () => expect(readShare(text)).toBe(share));
}

for (const text of ["0", "0%", "0.0", "101%", "1.5", "50", "-1%", "half", "50 %", "%", ".5", "1e-1", ""]) {
  test(`readShare refuses ${JSON.stringify(text)}`, () =>
    expect(() => readShare(text)).toThrow(
      new Fault("is not a share such as 50% or 0.5, over 0 and up to 100%"),
    ));
}

test("readBound reads a size, and none", () => {
  expect([readBound("none"), readBound("10GiB")]).toEqual([-1, 10 * 1024 ** 3]);
  expect(() => readBound("all")).toThrow(Fault);
});

test("writeDuration writes what readDuration reads, in the largest unit without a fraction", () => {
  const rows = { "250ms": 250, "45s": 45_000, "90m": 5_400_000, "3d": 259_200_000, "25h": 90_000_000 };
  for (const [text, ms] of Object.entries(rows)) expect(writeDuration(ms)).toBe(text);
  fc.assert(fc.property(fc.integer({ min: 1, max: 1e9 }), (ms) => readDuration(writeDuration(ms)) === ms));
});

test("writeSize writes what readSize reads, in the largest unit without a fraction", () => {
  const rows = {
    "1GiB": 1024 ** 3,
    "1536MiB": 1.5 * 1024 ** 3,
    "1025KiB": 1025 * 1024,
    "1048577": 1024 ** 2 + 1,
  };
  for (const [text, bytes] of Object.entries(rows)) expect(writeSize(bytes)).toBe(text);
  fc.assert(
    fc.property(
      fc.integer({ min: 1024 ** 2, max: 1e15 - 1 }),
      (bytes) => readSize(writeSize(bytes)) === bytes,
    ),
  );
});
