import { expect, test } from "bun:test";
import { createFixedWindowLimit } from "../../../src/delivery/nats/fixedwindow.ts";
import { createHandClock } from "../../support/clock.ts";

test("createFixedWindowLimit admits so many messages a second, and so many bytes", () => {
  const time = createHandClock(10_000);
  const admits = createFixedWindowLimit({ messages: 3, bytes: 100 }, time);
  expect([admits(10), admits(10), admits(10), admits(10)]).toEqual([true, true, true, false]);
  time.advance(999);
  expect(admits(1)).toBe(false);
  time.advance(1);
  expect([admits(90), admits(11), admits(10), admits(1)]).toEqual([true, false, true, false]);
  time.advance(5000);
  expect([admits(101), admits(100)]).toEqual([false, true]);
});
