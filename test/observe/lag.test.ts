import { expect, test } from "bun:test";
import { watchLag } from "../../src/observe/lag.ts";
import type { Clock } from "../../src/runtime/clock.ts";

test("watchLag tells by how many seconds each timer is late, and nothing once it is stopped", () => {
  let nowMs = 1000;
  let timer = () => {};
  const clock: Clock = {
    now: () => nowMs,
    after: () => () => {},
    every(_ms, act) {
      timer = act;
      return () => {
        timer = () => {};
      };
    },
  };
  const told: number[] = [];
  const stop = watchLag((seconds) => told.push(seconds), clock);
  for (const afterMs of [200, 450, 199]) {
    nowMs += afterMs;
    timer();
  }
  expect(told).toEqual([0, 0.25, 0]);
  stop();
  timer();
  expect(told).toHaveLength(3);
});
