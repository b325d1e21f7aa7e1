import { afterEach, expect, test } from "bun:test";
import { type Loopback, openLoopback } from "../../src/server/loopback.ts";
import { until } from "../support/until.ts";

let loopback: Loopback | null = null;
afterEach(() => loopback?.close());

test("openLoopback brings each byte that is sent back to the process", async () => {
  let bytes = 0;
  let losses = 0;
  const opened = openLoopback(
    () => bytes++,
    () => losses++,
  );
  loopback = opened;
  await until("the first byte can be sent", () => opened.send());
  await until("it is there", () => bytes === 1);
  for (let byte = 2; byte < 10; byte++) {
    expect(opened.send()).toBe(true);
    await until("the next one is there", () => bytes === byte);
  }
  expect(losses).toBe(0);
});

test("openLoopback loses nothing by its own closing, however early that is", async () => {
  const losses: string[] = [];
  const early = openLoopback(
    () => {},
    () => losses.push("early"),
  );
  early.close();
  const late = openLoopback(
    () => {},
    () => losses.push("late"),
  );
  loopback = late;
  await until("there is a connection", () => late.send());
  late.close();
  late.close();
  const last = openLoopback(
    () => {},
    () => losses.push("last"),
  );
  loopback = last;
  await until("a later one is there", () => last.send());
  expect(early.send()).toBe(false);
  expect(losses).toEqual([]);
});
