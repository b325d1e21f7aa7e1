import { expect, test } from "bun:test";
import { runAtOnce } from "../../src/config/steps.ts";
import { createRequestCounts } from "../../src/observe/counts.ts";
import { writeRequestSeries } from "../../src/observe/requestseries.ts";

/** The outcomes of a source's page events in the text, in order, each with its value. */
function outcomesOf(text: string, source: string): string[] {
  const series = new RegExp(
    `^pixelgate_events_total\\{source="${source}",type="page",outcome="(\\w+)"\\} (\\d+)$`,
    "gm",
  );
  return [...text.matchAll(series)].map(([, outcome, value]) => `${outcome} ${value}`);
}

test("writeRequestSeries writes each configured source at zero, and what a request without one can be", () => {
  const text = runAtOnce(writeRequestSeries([], ["blog"]));
  expect(outcomesOf(text, "blog")).toEqual([
    "published 0",
    "spooled 0",
    "quarantined 0",
    "failed 0",
    "rejected 0",
    "dropped 0",
  ]);
  expect(outcomesOf(text, "_unknown")).toEqual(["failed 0", "rejected 0"]);
  expect(text).toContain('pixelgate_accepted_total{source="blog",type="track"} 0');
  expect(text).not.toContain('pixelgate_accepted_total{source="_unknown"');
});

test("writeRequestSeries keeps a source that has counted and is configured no more", () => {
  const counts = createRequestCounts();
  counts.count("published", "page", "gone", null);
  const text = runAtOnce(writeRequestSeries([counts.list()], ["blog"]));
  expect(outcomesOf(text, "gone")[0]).toBe("published 1");
  expect(outcomesOf(text, "blog")[0]).toBe("published 0");
});

test("writeRequestSeries writes each metric once, its series behind its head", () => {
  const counts = createRequestCounts();
  counts.count("rejected", "track", "blog", 'a "quoted" reason\nof two lines');
  const blocks = runAtOnce(writeRequestSeries([counts.list()], ["blog"])).split("\n\n");
  const names = blocks.map((block) => {
    const [, name = ""] = /^# HELP (\w+) .+\n# TYPE \1 counter(?:\n|$)/.exec(block) ?? [];
    for (const line of block.split("\n").slice(2)) expect(line).toStartWith(`${name}{`);
    return name.slice("pixelgate_".length);
  });
  expect(names).toEqual([
    "events_total",
    "accepted_total",
    "rejected_total",
    "dropped_total",
    "failed_total",
  ]);
  expect(blocks[2]).toEndWith('{source="blog",type="track",reason="a \\"quoted\\" reason\\nof two lines"} 1');
});

test("writeRequestSeries pauses after every few sources, those that have counted and those at zero", () => {
  const counts = createRequestCounts();
  for (let i = 0; i < 1000; i++) counts.count("published", "page", `busy-${i}`, null);
  const ids = Array.from({ length: 1000 }, (_, i) => `quiet-${i}`);
  const steps = writeRequestSeries([counts.list()], ids);
  let pauses = 0;
  while (steps.next().done !== true) pauses++;
  // 1,000 to add up and 2,001 to write.
  expect(pauses).toBeGreaterThanOrEqual(3001 / 64);
});
