import { afterEach, expect, test } from "bun:test";
import { createPressure, type Pressure } from "../../src/server/loadshedder.ts";
import { until } from "../support/until.ts";

let pressure: Pressure | null = null;
afterEach(() => pressure?.stop());

/** Keeps the event loop busy in pieces, so that whatever waits for it waits long. */
async function load(pieceMs: number, pieces: number): Promise<void> {
  for (let piece = 0; piece < pieces; piece++) {
    const endMs = performance.now() + pieceMs;
    while (performance.now() < endMs);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function refusals(count: number): number {
  let refused = 0;
  for (let asked = 0; asked < count; asked++) if (pressure?.admits() === false) refused++;
  return refused;
}

test("admits lets everybody in while requests do not wait", async () => {
  const changes: boolean[] = [];
  pressure = createPressure((isHigh) => changes.push(isHigh));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(refusals(1000)).toBe(0);
  expect(changes).toEqual([]);
});

test("admits lets everybody in after a single stall", async () => {
  pressure = createPressure(() => {});
  await new Promise((resolve) => setTimeout(resolve, 300));
  await load(1500, 1);
  expect(refusals(1000)).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(refusals(1000)).toBe(0);
});

test("admits turns some away when requests wait too long, and nobody once that is over", async () => {
  const changes: boolean[] = [];
  pressure = createPressure((isHigh) => changes.push(isHigh));
  await new Promise((resolve) => setTimeout(resolve, 300));
  await load(600, 7);
  const refused = refusals(1000);
  expect(refused).toBeGreaterThan(0);
  expect(refused).toBeLessThan(1000);
  await until("both changes are told", () => changes.length === 2);
  expect(changes).toEqual([true, false]);
  expect(refusals(1000)).toBe(0);
});
