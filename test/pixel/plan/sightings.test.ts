import { expect, test } from "bun:test";
import { Ration, Sightings } from "../../../src/pixel/plan/sightings.ts";

test("Sightings.wasMet says no at first and yes from then on", () => {
  const sightings = new Sightings();
  expect([7, 7, 7, 8, 8].map((hash) => sightings.wasMet(hash))).toEqual([false, true, true, false, true]);
});

test("Sightings.wasMet forgets a hash for another one at its place", () => {
  const sightings = new Sightings();
  const [a, b] = [1, 1 + 4096];
  expect([a, b, a, a].map((hash) => sightings.wasMet(hash))).toEqual([false, false, false, true]);
});

test("Sightings.wasMet remembers what comes twice among a thousand others", () => {
  const sightings = new Sightings();
  let met = 0;
  for (let round = 0; round < 100; round++) {
    if (sightings.wasMet(-123_456_789)) met++;
    for (let other = 0; other < 1000; other++)
      sightings.wasMet(Math.imul(round * 1000 + other + 1, 0x9e3779b1));
  }
  expect(met).toBeGreaterThan(60);
});

/** How many plans a ration allows now. */
function allowed(ration: Ration): number {
  let plans = 0;
  while (ration.take()) plans++;
  return plans;
}

test("Ration.take allows 64 plans at once, and then one for 512 queries", () => {
  const ration = new Ration();
  expect(allowed(ration)).toBe(64);
  for (let i = 0; i < 511; i++) ration.earn();
  expect(ration.take()).toBe(false);
  ration.earn();
  expect(allowed(ration)).toBe(1);
});

test("Ration.earn saves up no more than was there at the start", () => {
  const ration = new Ration();
  for (let i = 0; i < 512 * 100; i++) ration.earn();
  expect(allowed(ration)).toBe(64);
  for (let i = 0; i < 512 * 100; i++) ration.earn();
  expect(allowed(ration)).toBe(64);
});
