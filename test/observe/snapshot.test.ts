import { expect, test } from "bun:test";
import { createMetrics, renderMetrics } from "../../src/observe/metrics.ts";
import { addCounters, type Snapshot } from "../../src/observe/snapshot.ts";
import { IDLE } from "../support/ports.ts";

const STATE = { ...IDLE, inFlight: 3, spooled: 7 };

async function snapshotOf(events: number): Promise<Snapshot> {
  const metrics = createMetrics({
    version: "1",
    startedMs: 0,
    sourceIds: () => ["blog"],
    delivery: () => STATE,
  });
  for (let count = 0; count < events; count++) {
    metrics.count("published", "page", "blog", null, performance.now());
    metrics.count("rejected", "track", null, "invalid write key", performance.now());
  }
  metrics.stop();
  return metrics.snapshot();
}

test("addCounters adds counters and histograms by label and forgets gauges", async () => {
  let retired: Snapshot = [];
  for (const events of [1, 2, 3]) retired = addCounters(retired, await snapshotOf(events));
  const lines = (await renderMetrics([retired, await snapshotOf(4)], [])).split("\n");
  expect(lines).toContain('pixelgate_events_total{source="blog",type="page",outcome="published"} 10');
  expect(lines).toContain(
    'pixelgate_rejected_total{source="_unknown",type="track",reason="invalid write key"} 10',
  );
  expect(lines).toContain('pixelgate_request_duration_seconds_count{outcome="published"} 10');
  expect(lines).toContain("pixelgate_spool_events 7");
});

test("addCounters grows with what is counted, not with how many die", async () => {
  const one = addCounters([], await snapshotOf(1));
  let retired = one;
  for (let died = 0; died < 50; died++) retired = addCounters(retired, await snapshotOf(1));
  const size = (snapshot: Snapshot) =>
    JSON.stringify(snapshot).replace(/[0-9.]+(?:e[+-]?[0-9]+)?/g, "0").length;
  expect(size(retired)).toBe(size(one));
});
