// Counts what happens, for Prometheus. On the request path a count is a few plain additions (50 ns, clock included);
// prom-client names, sums and writes them when somebody asks, all but the series by source. No client text becomes a label.
import { type Aggregator, AggregatorRegistry, Counter, Gauge, type Metric, Registry } from "prom-client";
import { FINDING_SEVERITIES } from "../delivery/finding.ts";
import { type DeliveryState, NATS_STATES } from "../delivery/state.ts";
import { runInSlices } from "../runtime/slices.ts";
import { createRequestCounts } from "./counts.ts";
import { isOfDestinations, snapshotDestinations, writeDestinationSeries } from "./destinationseries.ts";
import { Histogram } from "./histogram.ts";
import { watchLag } from "./lag.ts";
import { type Observer, OUTCOMES } from "./observer.ts";
import { EVENTS_HELP, EVENTS_TOTAL, writeRequestSeries } from "./requestseries.ts";
import { type Snapshot, sourcesOf } from "./snapshot.ts";
import type { Totals } from "./totals.ts";

/** The counters of one process. */
export interface Metrics {
  readonly count: Observer["count"];
  /** Counts one PubAck: the seconds from publish to ack. */
  ack(seconds: number): void;
  /** Counts events that left the spool for the stream; each was counted as spooled before. */
  relayed(events: number): void;
  totals(): Totals;
  snapshot(): Promise<Snapshot>;
  /** The Prometheus text of this process alone. */
  render(): Promise<string>;
  /** Ends the sampling of the event loop. */
  stop(): void;
}

/** What metrics say beside what they count. */
export interface MetricsOptions {
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedMs: number;
  /** Ids of the configured sources: each has its series from the start, at zero. */
  readonly sourceIds: () => Iterable<string>;
  readonly delivery: () => DeliveryState;
}

const LATENCY_BOUNDS = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const LAG_BOUNDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** Creates the metrics of a process and starts sampling its event loop. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { version, startedMs, sourceIds } = options;
  const requests = createRequestCounts();
  const latency = new Histogram(
    "pixelgate_request_duration_seconds",
    "From a request's arrival to its answer, by outcome",
    LATENCY_BOUNDS,
    { name: "outcome", values: OUTCOMES },
  );
  const acks = new Histogram(
    "pixelgate_ack_duration_seconds",
    "From a publish to its JetStream ack",
    LATENCY_BOUNDS,
    null,
  );
  const lag = new Histogram(
    "pixelgate_event_loop_lag_seconds",
    "How late a timer ran, sampled five times a second",
    LAG_BOUNDS,
    null,
  );
  const stop = watchLag((seconds) => lag.observe(seconds));

  const registry = new Registry();
  const registers = [registry];
  // Asked for once a snapshot: it has an entry for each destination.
  let state = options.delivery();

  const relayed = new Counter({
    name: "pixelgate_drained_total",
    help: "Spooled events that were published later",
    registers,
  });
  for (const histogram of [latency, acks, lag]) {
    // The registry needs a name and `get` alone; the class it asks for would count by hashed labels.
    registry.registerMetric(histogram as unknown as Metric);
  }

  const gauge = (name: string, help: string, aggregator: Aggregator, read: () => number) =>
    new Gauge({
      name,
      help,
      aggregator,
      registers,
      collect() {
        this.set(read());
      },
    });
  gauge("pixelgate_in_flight_events", "Events without an ack yet", "sum", () => state.inFlight);
  gauge("pixelgate_in_flight_bytes", "Their bytes", "sum", () => state.inFlightBytes);
  gauge("pixelgate_spool_events", "Events in the spool", "sum", () => state.spooled);
  gauge("pixelgate_spool_bytes", "Their bytes", "sum", () => state.spooledBytes);
  gauge("pixelgate_spool_full", "1 while the spool takes no event for want of room", "max", () =>
    Number(state.spool === "full"),
  );
  gauge("pixelgate_spool_failing", "1 while the spool cannot be written, but for want of room", "max", () =>
    Number(state.spool === "failing"),
  );
  gauge(
    "pixelgate_spool_damaged_rows",
    "Rows of the spool that the disk has changed, set aside",
    "sum",
    () => state.damagedRows,
  );
  gauge(
    "pixelgate_spool_salvage_rows",
    "Rows of damaged spools that are still to come back",
    "sum",
    () => state.salvageLeft,
  );
  gauge(
    "pixelgate_spool_oldest_seconds",
    "Age of the oldest event in the spool, 0 when it is empty",
    "max",
    () => (state.oldestSpooledMs ?? 0) / 1000,
  );
  new Gauge({
    name: "pixelgate_nats_state",
    help: "Processes whose NATS connection is in this state",
    labelNames: ["state"],
    aggregator: "sum",
    registers,
    collect() {
      for (const nats of NATS_STATES) this.set({ state: nats }, Number(nats === state.nats));
    },
  });
  gauge("pixelgate_quarantine_full", "1 while the quarantine takes no copy more", "max", () =>
    Number(state.quarantineFull),
  );
  new Gauge({
    name: "pixelgate_findings",
    help: "What was found wrong or unusual about streams, by severity",
    labelNames: ["severity"],
    // Each process looks at the same streams.
    aggregator: "max",
    registers,
    collect() {
      for (const severity of FINDING_SEVERITIES) {
        this.set({ severity }, state.findings.filter((finding) => finding.severity === severity).length);
      }
    },
  });
  new Gauge({
    name: "pixelgate_build_info",
    help: "Always 1; the version is a label",
    labelNames: ["version"],
    aggregator: "first",
    registers,
  }).set({ version }, 1);
  gauge("process_start_time_seconds", "Start of the process, epoch seconds", "min", () => startedMs / 1000);
  gauge("process_resident_memory_bytes", "Resident memory", "sum", () => process.memoryUsage().rss);
  gauge("process_heap_bytes", "JavaScript heap in use", "sum", () => process.memoryUsage().heapUsed);
  new Counter({
    name: "process_cpu_seconds_total",
    help: "CPU time, user and system",
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });

  async function snapshot(): Promise<Snapshot> {
    state = options.delivery();
    return [
      {
        name: EVENTS_TOTAL,
        help: EVENTS_HELP,
        type: "counter",
        aggregator: "sum",
        values: [],
        sources: requests.list(),
      },
      ...snapshotDestinations(state.destinations),
      ...((await registry.getMetricsAsJSON()) as unknown as Snapshot),
    ];
  }

  return {
    count(outcome, type, sourceId, reason, startedMs) {
      requests.count(outcome, type, sourceId, reason);
      latency.observe((performance.now() - startedMs) / 1000, OUTCOMES.indexOf(outcome));
    },
    ack: (seconds) => acks.observe(seconds),
    relayed: (events) => relayed.inc(events),
    totals: requests.totals,
    snapshot,
    render: async () => renderMetrics([await snapshot()], sourceIds()),
    stop,
  };
}

/**
 * Writes the metrics of one process, or of several added up, as Prometheus text; in slices, because each of `sourceIds`
 * and each destination has its series.
 */
export async function renderMetrics(
  snapshots: readonly Snapshot[],
  sourceIds: Iterable<string>,
): Promise<string> {
  const requests = await runInSlices(writeRequestSeries(snapshots.map(sourcesOf), sourceIds));
  const destinations = await runInSlices(writeDestinationSeries(snapshots));
  const others = snapshots.map((snapshot) =>
    snapshot.filter((metric) => metric.sources === undefined && !isOfDestinations(metric)),
  );
  return [requests, destinations, await AggregatorRegistry.aggregate(others).metrics()].join("\n\n");
}

/** The content type of that text. */
export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;
