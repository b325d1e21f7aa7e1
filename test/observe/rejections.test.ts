import { expect, test } from "bun:test";
import type { Log } from "../../src/observe/log.ts";
import { createRefusalLog } from "../../src/observe/rejections.ts";
import { until } from "../support/until.ts";

test("createRefusalLog writes one line for all refusals of a reason and a source", async () => {
  const lines: unknown[] = [];
  const write = (message: string, fields?: Record<string, unknown>) => lines.push([message, fields]);
  const log: Log = { debug: write, info: write, warn: write, error: write };
  const { count: refuse, flush } = createRefusalLog(log, 50);
  for (let index = 0; index < 1000; index++) refuse("invalid write key", null);
  refuse("source is disabled", "blog");
  refuse("source is disabled", "shop");
  refuse("source is disabled", "blog");
  expect(lines).toEqual([]);
  await until("the counts are written", () => lines.length > 0);
  expect(lines).toEqual([
    ["requests refused", { reason: "invalid write key", source: null, count: 1000 }],
    ["requests refused", { reason: "source is disabled", source: "blog", count: 2 }],
    ["requests refused", { reason: "source is disabled", source: "shop", count: 1 }],
  ]);
  refuse("invalid write key", null);
  await until("the next count is written", () => lines.length > 3);
  expect(lines.at(-1)).toEqual(["requests refused", { reason: "invalid write key", source: null, count: 1 }]);
  refuse("source is disabled", "blog");
  flush();
  expect(lines.at(-1)).toEqual([
    "requests refused",
    { reason: "source is disabled", source: "blog", count: 1 },
  ]);
  flush();
  expect(lines.length).toBe(5);
});
