import { afterEach, expect, test } from "bun:test";
import { createPressure, type Pressure } from "../src/pressure.ts";

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

async function until(isDone: () => boolean): Promise<void> {
  const limitMs = performance.now() + 15_000;
  while (!isDone()) {
    if (performance.now() > limitMs) throw new Error("it does not happen");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("admits lets everybody in while requests do not wait", async () => {
  const changes: boolean[] = [];
  pressure = createPressure((isHigh) => changes.push(isHigh));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(refusals(1000)).toBe(0);
  expect(changes).toEqual([]);
});

test("admits turns some away when requests wait too long, and nobody once that is over", async () => {
  const changes: boolean[] = [];
  pressure = createPressure((isHigh) => changes.push(isHigh));
  await new Promise((resolve) => setTimeout(resolve, 300));
  await load(700, 4);
  const refused = refusals(1000);
  expect(refused).toBeGreaterThan(0);
  expect(refused).toBeLessThan(1000);
  await until(() => changes.length === 2);
  expect(changes).toEqual([true, false]);
  expect(refusals(1000)).toBe(0);
});
