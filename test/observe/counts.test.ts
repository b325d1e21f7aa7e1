import { expect, test } from "bun:test";
import { createRequestCounts, type RequestCounts } from "../../src/observe/counts.ts";

/** The counts that are not zero, each as a line. */
function linesOf(counts: RequestCounts): string[] {
  return counts
    .list()
    .filter(({ count }) => count > 0)
    .map(({ source, type, outcome, count, reasons }) =>
      [source, type, outcome, count, ...[...reasons].map(([reason, times]) => `${reason}: ${times}`)].join(
        " ",
      ),
    );
}

test("createRequestCounts tells source, type and outcome apart, and why", () => {
  const counts = createRequestCounts(() => ["blog"]);
  counts.count("published", "page", "blog", null);
  counts.count("published", "track", "blog", null);
  counts.count("published", "track", "shop", null);
  counts.count("dropped", "page", "blog", "bot");
  counts.count("dropped", "page", "blog", "bot");
  counts.count("failed", "track", "blog", "try again");
  counts.count("rejected", "page", null, "invalid write key");
  expect(linesOf(counts).toSorted()).toEqual([
    "_unknown page rejected 1 invalid write key: 1",
    "blog page dropped 2 bot: 2",
    "blog page published 1",
    "blog track failed 1 try again: 1",
    "blog track published 1",
    "shop track published 1",
  ]);
  expect(counts.totals()).toEqual({ published: 3, spooled: 0, failed: 1, rejected: 1, dropped: 2 });
});

test("createRequestCounts lists the sources of this moment from the start, and what a request without one can be", () => {
  let ids = ["blog"];
  const counts = createRequestCounts(() => ids);
  const outcomesOf = (id: string) => {
    const all = counts.list().filter(({ source, type }) => source === id && type === "page");
    return all.map(({ outcome }) => outcome);
  };
  expect(outcomesOf("blog")).toEqual(["published", "spooled", "failed", "rejected", "dropped"]);
  expect(outcomesOf("_unknown")).toEqual(["failed", "rejected"]);
  expect(outcomesOf("shop")).toEqual([]);
  ids = ["shop"];
  expect(outcomesOf("shop")).toHaveLength(5);
});
