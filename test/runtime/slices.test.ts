import { expect, test } from "bun:test";
import { runInSlices } from "../../src/runtime/slices.ts";
import { createHandClock } from "../support/clock.ts";
import { settle } from "../support/scriptedworkers.ts";

test("runInSlices lets others have their turn after eight milliseconds, and goes on", async () => {
  const clock = createHandClock();
  let done = 0;
  function* steps() {
    for (; done < 20; done++) {
      clock.advance(2);
      yield;
    }
    return "all of it";
  }
  const result = runInSlices(steps(), clock);
  const seen: number[] = [];
  while (done < 20) {
    seen.push(done);
    clock.advance(0);
    await settle();
  }
  expect(seen).toEqual([3, 7, 11, 15, 19]);
  expect(await result).toBe("all of it");
});

test("runInSlices does what is short at once", async () => {
  const clock = createHandClock();
  function* steps() {
    yield;
    yield;
    return 3;
  }
  expect(await runInSlices(steps(), clock)).toBe(3);
});

test("runInSlices rejects with what a step throws", async () => {
  function* steps(): Generator<void, never> {
    yield;
    throw new RangeError("no");
  }
  await expect(runInSlices(steps())).rejects.toThrow(RangeError);
});

test("runInSlices lets a timer run that is due before the work is done", async () => {
  let isRung = false;
  setTimeout(() => {
    isRung = true;
  }, 1);
  function* steps() {
    // Without end where nobody else gets a turn; the limit tells so.
    for (let step = 0; step < 50_000_000 && !isRung; step++) yield;
    return isRung;
  }
  expect(await runInSlices(steps())).toBe(true);
});
