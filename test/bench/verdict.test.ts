import { expect, test } from "bun:test";
import { judgeMemory } from "./verdict.ts";

const BOUND = { maxGrowth: 1.1, maxBytes: 150e6 };

test("judgeMemory calls memory flat that stays, shrinks, or grows up to its bound", () => {
  for (const lastBytes of [100e6, 60e6, 110e6]) {
    expect(judgeMemory(100e6, lastBytes, "the first million", BOUND).isFlat).toBe(true);
  }
});

test("judgeMemory calls memory not flat that grows by more, or is more than it may be", () => {
  expect(judgeMemory(100e6, 111e6, "the first million", BOUND).isFlat).toBe(false);
  expect(judgeMemory(150e6, 151e6, "the first million", BOUND).isFlat).toBe(false);
});

test("judgeMemory calls memory not flat that nobody could read", () => {
  expect(judgeMemory(0, 0, "the first million", BOUND).isFlat).toBe(false);
});

test("judgeMemory says the verdict first, with its figures and its bound", () => {
  expect(judgeMemory(100e6, 120e6, "the first million", BOUND).text).toBe(
    "NOT FLAT: RSS 120.0 MB at the end, 1.20 × that after the first million (100.0 MB); at most 1.1 × and 150.0 MB is flat",
  );
});
