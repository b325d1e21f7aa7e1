import { expect, test } from "bun:test";
import fc from "fast-check";
import { createRateLimiter } from "../../src/server/ratelimiter.ts";

const START_MS = 1_000_000;

test("createRateLimiter admits one second's worth at once and no more", () => {
  const takes = createRateLimiter(1);
  const taken = Array.from({ length: 7 }, () => takes("a", 5, START_MS));
  expect(taken).toEqual([true, true, true, true, true, false, false]);
});

test("createRateLimiter earns by the clock", () => {
  const takes = createRateLimiter(1);
  for (let index = 0; index < 5; index++) takes("a", 5, START_MS);
  expect(takes("a", 5, START_MS + 199)).toBe(false);
  expect(takes("a", 5, START_MS + 200)).toBe(true);
  expect(takes("a", 5, START_MS + 200)).toBe(false);
});

test("createRateLimiter saves no more than one second's worth", () => {
  const takes = createRateLimiter(1);
  takes("a", 2, START_MS);
  const later = START_MS + 60_000;
  expect([takes("a", 2, later), takes("a", 2, later), takes("a", 2, later)]).toEqual([true, true, false]);
});

test("createRateLimiter keeps sources apart", () => {
  const takes = createRateLimiter(1);
  expect(takes("a", 1, START_MS)).toBe(true);
  expect(takes("a", 1, START_MS)).toBe(false);
  expect(takes("b", 1, START_MS)).toBe(true);
});

test("createRateLimiter gives each of several workers its share, and at least one", () => {
  const takes = createRateLimiter(4);
  const taken = Array.from({ length: 4 }, () => takes("a", 8, START_MS));
  expect(taken).toEqual([true, true, false, false]);
  expect(takes("b", 1, START_MS)).toBe(true);
});

test("createRateLimiter is not stopped by a clock that goes back", () => {
  const takes = createRateLimiter(1);
  takes("a", 1, START_MS);
  expect(takes("a", 1, START_MS - 3_600_000)).toBe(false);
  expect(takes("a", 1, START_MS - 3_600_000 + 1000)).toBe(true);
});

test("createRateLimiter follows a rate that a reload changes", () => {
  const takes = createRateLimiter(1);
  takes("a", 100, START_MS);
  const taken = Array.from({ length: 3 }, () => takes("a", 2, START_MS));
  expect(taken).toEqual([true, true, false]);
});

test("createRateLimiter never admits more than the rate and one second's worth", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 300 }),
      (rate, gapsMs) => {
        const takes = createRateLimiter(1);
        let nowMs = START_MS;
        let taken = 0;
        for (const gapMs of gapsMs) {
          nowMs += gapMs;
          if (takes("a", rate, nowMs)) taken++;
        }
        expect(taken).toBeLessThanOrEqual(rate + ((nowMs - START_MS) * rate) / 1000 + 1e-6);
      },
    ),
  );
});
