// Load shedding over a real connection, with an event loop that is really behind.
import { afterEach, expect, test } from "bun:test";
import { systemClock } from "../../src/runtime/clock.ts";
import { createLoadShedder, type LoadShedder } from "../../src/server/loadshedder.ts";
import { until } from "../support/until.ts";

let shedder: LoadShedder | null = null;
afterEach(() => shedder?.stop());

/** Keeps the event loop busy in pieces, so that whatever waits for it waits long. */
async function busy(pieceMs: number, pieces: number): Promise<void> {
  for (let piece = 0; piece < pieces; piece++) {
    const endMs = performance.now() + pieceMs;
    while (performance.now() < endMs);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

test("createLoadShedder turns some away while the event loop is behind, and nobody once it is not", async () => {
  const changes: boolean[] = [];
  shedder = createLoadShedder({ clock: systemClock, onChange: (isShedding) => changes.push(isShedding) });
  const { admits } = shedder;
  await until("some are turned away", async () => {
    await busy(600, 1);
    return Array.from({ length: 100 }, () => admits()).includes(false);
  });
  await until("both changes are told", () => changes.length === 2);
  expect(changes).toEqual([true, false]);
  expect(Array.from({ length: 100 }, () => admits())).not.toContain(false);
});
