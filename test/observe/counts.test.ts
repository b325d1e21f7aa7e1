import { expect, test } from "bun:test";
import { runAtOnce } from "../../src/config/steps.ts";
import { addCounts, createRequestCounts, KINDS, type SourceCount } from "../../src/observe/counts.ts";

/** The counts that are not zero, each as a line. */
function linesOf(counts: Iterable<SourceCount>): string[] {
  return Array.from(counts).flatMap(({ source, slots, reasons }) =>
    KINDS.filter(({ slot }) => (slots[slot] ?? 0) > 0).map(({ type, outcome, slot }) =>
      [
        source,
        type,
        outcome,
        slots[slot],
        ...reasons.filter(([at]) => at === slot).map(([, reason, times]) => `${reason}: ${times}`),
      ].join(" "),
    ),
  );
}

test("createRequestCounts tells source, type and outcome apart, and why", () => {
  const counts = createRequestCounts();
  counts.count("published", "page", "blog", null);
  counts.count("published", "track", "blog", null);
  counts.count("published", "track", "shop", null);
  counts.count("dropped", "page", "blog", "bot");
  counts.count("dropped", "page", "blog", "bot");
  counts.count("failed", "track", "blog", "try again");
  counts.count("rejected", "page", null, "invalid write key");
  expect(linesOf(counts.list()).toSorted()).toEqual([
    "_unknown page rejected 1 invalid write key: 1",
    "blog page dropped 2 bot: 2",
    "blog page published 1",
    "blog track failed 1 try again: 1",
    "blog track published 1",
    "shop track published 1",
  ]);
  expect(counts.totals()).toEqual({
    published: 3,
    spooled: 0,
    quarantined: 0,
    failed: 1,
    rejected: 1,
    dropped: 2,
  });
});

test("createRequestCounts lists no source without a request: at 10,000 they would be all there is", () => {
  const counts = createRequestCounts();
  expect(counts.list()).toEqual([]);
  counts.count("dropped", "page", "blog", "gpc");
  expect(counts.list().map(({ source }) => source)).toEqual(["blog"]);
});

test("addCounts adds up by source, slot and reason", () => {
  const first = createRequestCounts();
  const second = createRequestCounts();
  for (const counts of [first, second, second]) {
    counts.count("rejected", "page", "blog", "invalid write key");
    counts.count("rejected", "track", "blog", "invalid write key");
  }
  first.count("published", "page", "shop", null);
  second.count("rejected", "page", "blog", "source is disabled");
  // As they travel between processes.
  const all = JSON.parse(JSON.stringify([first.list(), second.list()]));
  expect(linesOf(runAtOnce(addCounts(all)).values())).toEqual([
    "blog page rejected 4 invalid write key: 3 source is disabled: 1",
    "blog track rejected 3 invalid write key: 3",
    "shop page published 1",
  ]);
});
