import { afterAll, expect, test } from "bun:test";
import { createMetrics, type Metrics, renderMetrics } from "../../src/observe/metrics.ts";
import { IDLE } from "../support/ports.ts";
import { destination, NO_ACK, SHORT_WINDOW } from "../support/troubles.ts";
import { until } from "../support/until.ts";

const opened: Metrics[] = [];
afterAll(() => {
  for (const metrics of opened) metrics.stop();
});

function open(state = IDLE, ids: readonly string[] = ["blog"]): Metrics {
  const metrics = createMetrics({
    version: "1.2.3",
    startedMs: 1_700_000_000_000,
    sourceIds: () => ids,
    delivery: () => state,
  });
  opened.push(metrics);
  return metrics;
}

/** The value of one series, by its name and labels as written. */
function read(text: string, series: string): number | undefined {
  const line = text.split("\n").find((line) => line.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

const now = () => performance.now();

test("createMetrics counts each request once by source, type and outcome", async () => {
  const metrics = open();
  metrics.count("published", "page", "blog", null, now());
  metrics.count("published", "page", "blog", null, now());
  metrics.count("spooled", "track", "blog", null, now());
  metrics.count("dropped", "track", "blog", "bot", now());
  metrics.count("failed", "page", "blog", "event cannot be kept now: try again", now());
  metrics.count("rejected", "page", "blog", "context must be an object", now());
  const text = await metrics.render();
  const total = (type: string, outcome: string) =>
    read(text, `pixelgate_events_total{source="blog",type="${type}",outcome="${outcome}"}`);
  expect(total("page", "published")).toBe(2);
  expect(total("track", "spooled")).toBe(1);
  expect(total("track", "dropped")).toBe(1);
  expect(total("page", "failed")).toBe(1);
  expect(total("page", "rejected")).toBe(1);
  expect(read(text, 'pixelgate_accepted_total{source="blog",type="page"}')).toBe(2);
  expect(read(text, 'pixelgate_accepted_total{source="blog",type="track"}')).toBe(1);
  expect(read(text, 'pixelgate_dropped_total{source="blog",type="track",reason="bot"}')).toBe(1);
  const rejected = 'pixelgate_rejected_total{source="blog",type="page",reason="context must be an object"}';
  expect(read(text, rejected)).toBe(1);
  const failed =
    'pixelgate_failed_total{source="blog",type="page",reason="event cannot be kept now: try again"}';
  expect(read(text, failed)).toBe(1);
  expect(metrics.totals()).toEqual({
    published: 2,
    spooled: 1,
    quarantined: 0,
    failed: 1,
    rejected: 1,
    dropped: 1,
  });
});

test("createMetrics shows a configured source at zero before its first event", async () => {
  const text = await open(IDLE, ["quiet"]).render();
  expect(read(text, 'pixelgate_events_total{source="quiet",type="page",outcome="published"}')).toBe(0);
});

test("createMetrics puts every request without a valid write key under one source", async () => {
  const metrics = open();
  for (let i = 0; i < 50; i++) metrics.count("rejected", "page", null, "invalid write key", now());
  const text = await metrics.render();
  expect(read(text, 'pixelgate_events_total{source="_unknown",type="page",outcome="rejected"}')).toBe(50);
  const sources = new Set([...text.matchAll(/source="([^"]*)"/g)].map(([, source]) => source));
  expect(sources).toEqual(new Set(["blog", "_unknown"]));
});

test("createMetrics keeps the number of reasons bounded", async () => {
  const metrics = open();
  for (let i = 0; i < 1000; i++) metrics.count("rejected", "page", "blog", `reason ${i}`, now());
  const lines = (await metrics.render())
    .split("\n")
    .filter((line) => line.startsWith("pixelgate_rejected_total{"));
  expect(lines.length).toBeLessThanOrEqual(65);
  expect(lines.some((line) => line.includes('reason="other"'))).toBe(true);
  expect(lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0)).toBe(1000);
});

test("createMetrics fills cumulative buckets that end with the count", async () => {
  const metrics = open();
  metrics.count("published", "page", "blog", null, now());
  metrics.count("published", "page", "blog", null, now() - 60_000);
  for (const seconds of [0.0002, 0.002, 0.2, 100]) metrics.ack(seconds);
  const text = await metrics.render();
  const request = (le: string) =>
    read(text, `pixelgate_request_duration_seconds_bucket{le="${le}",outcome="published"}`);
  expect(request("5")).toBe(1);
  expect(request("+Inf")).toBe(2);
  expect(read(text, 'pixelgate_request_duration_seconds_count{outcome="published"}')).toBe(2);
  const ack = (le: string) => read(text, `pixelgate_ack_duration_seconds_bucket{le="${le}"}`);
  expect(["0.00025", "0.0025", "0.25", "5", "+Inf"].map(ack)).toEqual([1, 2, 3, 3, 4]);
  expect(read(text, "pixelgate_ack_duration_seconds_sum")).toBeCloseTo(100.2022, 6);
});

test("createMetrics tells the state of delivery and of the process", async () => {
  const text = await open({
    ...IDLE,
    nats: "degraded",
    inFlight: 3,
    inFlightBytes: 2700,
    spooled: 12,
    spooledBytes: 10_800,
    oldestSpooledMs: 90_500,
    spool: "full",
    damagedRows: 3,
    salvageLeft: 40,
  }).render();
  expect(read(text, "pixelgate_in_flight_events")).toBe(3);
  expect(read(text, "pixelgate_in_flight_bytes")).toBe(2700);
  expect(read(text, "pixelgate_spool_events")).toBe(12);
  expect(read(text, "pixelgate_spool_bytes")).toBe(10_800);
  expect(read(text, "pixelgate_spool_oldest_seconds")).toBe(90.5);
  expect(read(text, "pixelgate_spool_full")).toBe(1);
  expect(read(text, "pixelgate_spool_damaged_rows")).toBe(3);
  expect(read(text, "pixelgate_spool_salvage_rows")).toBe(40);
  expect(read(text, 'pixelgate_nats_state{state="degraded"}')).toBe(1);
  expect(read(text, 'pixelgate_nats_state{state="up"}')).toBe(0);
  expect(read(text, 'pixelgate_build_info{version="1.2.3"}')).toBe(1);
  expect(read(text, "process_start_time_seconds")).toBe(1_700_000_000);
  expect(read(text, "process_cpu_seconds_total")).toBeGreaterThan(0);
  expect(read(text, "process_resident_memory_bytes")).toBeGreaterThan(1_000_000);
});

test("createMetrics tells of each destination, of a full quarantine and how many findings there are", async () => {
  const destinations = [destination("warehouse", { state: "barred", copies: 3 }), destination("alerts")];
  const text = await open({
    ...IDLE,
    destinations,
    quarantineFull: true,
    findings: [NO_ACK, SHORT_WINDOW, { ...SHORT_WINDOW, stream: "PIXEL" }],
  }).render();
  expect(read(text, 'pixelgate_destination_state{destination="warehouse",state="barred"}')).toBe(1);
  expect(read(text, 'pixelgate_destination_spool_copies{destination="warehouse"}')).toBe(3);
  expect(read(text, 'pixelgate_destination_state{destination="alerts",state="open"}')).toBe(1);
  expect(read(text, "pixelgate_quarantine_full")).toBe(1);
  expect(read(text, 'pixelgate_findings{severity="fault"}')).toBe(1);
  expect(read(text, 'pixelgate_findings{severity="warning"}')).toBe(2);
  const well = await open().render();
  expect(read(well, "pixelgate_quarantine_full")).toBe(0);
  expect(read(well, 'pixelgate_findings{severity="fault"}')).toBe(0);
});

test("createMetrics asks for the state of delivery once a snapshot, and has the present one", async () => {
  let asked = 0;
  const metrics = createMetrics({
    version: "1",
    startedMs: 0,
    sourceIds: () => [],
    delivery: () => ({ ...IDLE, spooled: ++asked }),
  });
  opened.push(metrics);
  const before = asked;
  for (let round = 1; round <= 3; round++) {
    expect(read(await metrics.render(), "pixelgate_spool_events")).toBe(before + round);
  }
  expect(asked).toBe(before + 3);
});

test("createMetrics counts what leaves the spool", async () => {
  const metrics = open();
  expect(read(await metrics.render(), "pixelgate_drained_total")).toBe(0);
  metrics.relayed(500);
  metrics.relayed(12);
  expect(read(await metrics.render(), "pixelgate_drained_total")).toBe(512);
});

test("createMetrics samples how late the event loop runs", async () => {
  const metrics = open();
  await until("a sample is counted", async () => {
    const text = await metrics.render();
    return (read(text, "pixelgate_event_loop_lag_seconds_count") ?? 0) > 0;
  });
});

test("renderMetrics adds several processes up", async () => {
  const [open3, shut4] = [destination("a", { copies: 3 }), destination("a", { state: "shut", copies: 4 })];
  const found = { findings: [NO_ACK], destinations: [open3] };
  const first = open({ ...IDLE, ...found, nats: "up", spooled: 2, oldestSpooledMs: 5000 });
  const second = open({
    ...IDLE,
    ...found,
    destinations: [shut4],
    spooled: 3,
    oldestSpooledMs: 9000,
    nats: "down",
  });
  first.count("published", "page", "blog", null, now());
  second.count("published", "page", "blog", null, now());
  first.ack(0.001);
  second.ack(0.001);
  // A snapshot travels between processes as JSON.
  const snapshots = JSON.parse(JSON.stringify([await first.snapshot(), await second.snapshot()]));
  const text = await renderMetrics(snapshots, ["blog", "quiet"]);
  expect(read(text, 'pixelgate_events_total{source="blog",type="page",outcome="published"}')).toBe(2);
  expect(read(text, 'pixelgate_events_total{source="quiet",type="page",outcome="published"}')).toBe(0);
  expect(read(text, "pixelgate_spool_events")).toBe(5);
  expect(read(text, "pixelgate_spool_oldest_seconds")).toBe(9);
  expect(read(text, 'pixelgate_nats_state{state="up"}')).toBe(1);
  expect(read(text, 'pixelgate_nats_state{state="down"}')).toBe(1);
  expect(read(text, 'pixelgate_build_info{version="1.2.3"}')).toBe(1);
  expect(read(text, 'pixelgate_destination_spool_copies{destination="a"}')).toBe(7);
  expect(read(text, 'pixelgate_destination_state{destination="a",state="shut"}')).toBe(1);
  // Both look at the same streams.
  expect(read(text, 'pixelgate_findings{severity="fault"}')).toBe(1);
  expect(read(text, 'pixelgate_ack_duration_seconds_bucket{le="0.001"}')).toBe(2);
  expect(read(text, "pixelgate_ack_duration_seconds_count")).toBe(2);
});

test("renderMetrics writes each series once and each value as a number", async () => {
  const metrics = open();
  metrics.count("rejected", "page", null, 'a "quoted" reason\nof two lines', now());
  const lines = (await metrics.render()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const series = lines.map((line) => line.slice(0, line.lastIndexOf(" ")));
  expect(new Set(series).size).toBe(series.length);
  for (const line of lines) expect(line).toMatch(/^[a-z_]+(\{([a-z]+="(\\.|[^"\\])*",?)+\})? [0-9.e+-]+$/);
});
