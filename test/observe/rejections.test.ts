import { expect, test } from "bun:test";
import type { Log } from "../../src/observe/log.ts";
import { createRejectionLog } from "../../src/observe/rejections.ts";
import { createHandClock } from "../support/clock.ts";

function open() {
  const lines: unknown[] = [];
  const write = (message: string, fields?: Record<string, unknown>) => lines.push([message, fields]);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const clock = createHandClock();
  return { lines, clock, ...createRejectionLog(log, clock) };
}

const line = (reason: string, source: string | null, count: number) => [
  "requests refused",
  { reason, source, count },
];

test("createRejectionLog writes one line for all rejections of a reason and a source in ten seconds", () => {
  const { lines, clock, count } = open();
  for (let index = 0; index < 1000; index++) count("invalid write key", null);
  count("source is disabled", "blog");
  count("source is disabled", "shop");
  clock.advance(9_999);
  count("source is disabled", "blog");
  expect(lines).toEqual([]);
  clock.advance(1);
  expect(lines.splice(0)).toEqual([
    line("invalid write key", null, 1000),
    line("source is disabled", "blog", 2),
    line("source is disabled", "shop", 1),
  ]);
  clock.advance(60_000);
  expect(lines).toEqual([]);
  count("invalid write key", null);
  clock.advance(10_000);
  expect(lines).toEqual([line("invalid write key", null, 1)]);
});

test("createRejectionLog writes what it has when it is flushed, and once", () => {
  const { lines, clock, count, flush } = open();
  clock.advance(5_000);
  count("source is disabled", "blog");
  flush();
  expect(lines).toEqual([line("source is disabled", "blog", 1)]);
  flush();
  clock.advance(10_000);
  expect(lines).toHaveLength(1);
});
