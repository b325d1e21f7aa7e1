// Counts what happens, for Prometheus. On the request path a count is a few plain additions (50 ns, clock included);
// prom-client names, sums and writes them when somebody asks. No client text becomes a label.
import { type Aggregator, AggregatorRegistry, Counter, Gauge, type Metric, Registry } from "prom-client";
import { type DeliveryState, NATS_STATES } from "../delivery/delivery.ts";
import { EVENT_TYPES } from "../pixel/schema.ts";
import { Histogram } from "./histogram.ts";
import { watchLag } from "./lag.ts";
import { type Observer, OUTCOMES, type Outcome } from "./observer.ts";

/** All metrics of one process as plain data that can be sent to another process. */
export type Snapshot = {
  name: string;
  help: string;
  type: string;
  aggregator: Aggregator;
  values: { value: number; labels: Record<string, string | number>; metricName?: string }[];
}[];

/** Requests since the start by how they ended. */
export type Totals = Readonly<Record<Outcome, number>>;

/** The counters of one process. */
export interface Metrics {
  readonly count: Observer["count"];
  /** Counts one PubAck: the seconds from publish to ack. */
  ack(seconds: number): void;
  /** Counts events that left the spool for the stream; each was counted as spooled before. */
  drained(events: number): void;
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

const OUTCOME_INDEX = { published: 0, spooled: 1, failed: 2, rejected: 3, dropped: 4 } as const;
const TYPE_INDEX = { page: 0, track: 1 } as const;

/** The source label of a request without a valid write key; no source can have this id. */
const UNKNOWN_SOURCE = "_unknown";

// Reasons are fixed texts and field names of a schema. The cap is for the day that somebody adds one which is not.
const MAX_REASONS = 64;

const LATENCY_BOUNDS = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const LAG_BOUNDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/** The counts of one source: a slot for each type and outcome, and the reasons of what was not taken. */
class SourceCounts {
  readonly slots = new Float64Array(EVENT_TYPES.length * OUTCOMES.length);
  readonly reasons = Array.from(this.slots, () => new Map<string, number>());
}

/** Creates the metrics of a process and starts sampling its event loop. */
export function createMetrics(options: MetricsOptions): Metrics {
  const { version, startedMs, sourceIds, delivery } = options;
  const sources = new Map<string, SourceCounts>();
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
  const lagWatch = watchLag((seconds) => lag.observe(seconds));

  function countsOf(sourceId: string): SourceCounts {
    let counts = sources.get(sourceId);
    if (counts === undefined) {
      counts = new SourceCounts();
      sources.set(sourceId, counts);
    }
    return counts;
  }

  const registry = new Registry();
  const registers = [registry];

  /** Calls `each` with every count that has a type and an outcome. */
  function visit(
    each: (source: string, type: string, outcome: Outcome, counts: SourceCounts, slot: number) => void,
  ) {
    countsOf(UNKNOWN_SOURCE);
    for (const id of sourceIds()) countsOf(id);
    for (const [source, counts] of sources) {
      for (const type of EVENT_TYPES) {
        for (const outcome of OUTCOMES) {
          // Without a valid write key a request can only be refused, or be turned away before it is read.
          if (source === UNKNOWN_SOURCE && outcome !== "rejected" && outcome !== "failed") continue;
          each(source, type, outcome, counts, TYPE_INDEX[type] * OUTCOMES.length + OUTCOME_INDEX[outcome]);
        }
      }
    }
  }

  new Counter({
    name: "pixelgate_events_total",
    help: "Requests on the pixel routes, each once, by how it ended",
    labelNames: ["source", "type", "outcome"],
    registers,
    collect() {
      this.reset();
      visit((source, type, outcome, counts, slot) =>
        this.inc({ source, type, outcome }, counts.slots[slot] ?? 0),
      );
    },
  });
  new Counter({
    name: "pixelgate_accepted_total",
    help: "Events answered with 200 because they are safe: published or spooled",
    labelNames: ["source", "type"],
    registers,
    collect() {
      this.reset();
      visit((source, type, outcome, counts, slot) => {
        if (outcome === "published" || outcome === "spooled") {
          this.inc({ source, type }, counts.slots[slot] ?? 0);
        }
      });
    },
  });
  for (const outcome of ["rejected", "dropped"] as const) {
    new Counter({
      name: `pixelgate_${outcome}_total`,
      help: `Requests ${outcome === "rejected" ? "refused" : "dropped by the operator's policy"}, by reason`,
      labelNames: ["source", "type", "reason"],
      registers,
      collect() {
        this.reset();
        visit((source, type, other, counts, slot) => {
          if (other !== outcome) return;
          for (const [reason, count] of counts.reasons[slot] ?? []) this.inc({ source, type, reason }, count);
        });
      },
    });
  }
  const drains = new Counter({
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
  gauge("pixelgate_in_flight_events", "Events without an ack yet", "sum", () => delivery().inFlight);
  gauge("pixelgate_in_flight_bytes", "Their bytes", "sum", () => delivery().inFlightBytes);
  gauge("pixelgate_spool_events", "Events in the spool", "sum", () => delivery().spooled);
  gauge("pixelgate_spool_bytes", "Their bytes", "sum", () => delivery().spooledBytes);
  gauge("pixelgate_spool_full", "1 while the spool takes no event for want of room", "max", () =>
    Number(delivery().spool === "full"),
  );
  gauge("pixelgate_spool_failing", "1 while the disk or the file of the spool reports an error", "max", () =>
    Number(delivery().spool === "failing"),
  );
  gauge(
    "pixelgate_spool_oldest_seconds",
    "Age of the oldest event in the spool, 0 when it is empty",
    "max",
    () => (delivery().oldestSpooledMs ?? 0) / 1000,
  );
  new Gauge({
    name: "pixelgate_nats_state",
    help: "Processes whose NATS connection is in this state",
    labelNames: ["state"],
    aggregator: "sum",
    registers,
    collect() {
      const { nats } = delivery();
      for (const state of NATS_STATES) this.set({ state }, Number(state === nats));
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

  const snapshot = async () => (await registry.getMetricsAsJSON()) as unknown as Snapshot;

  return {
    count(outcome, type, sourceId, reason, startedMs) {
      const outcomeIndex = OUTCOME_INDEX[outcome];
      const slot = TYPE_INDEX[type] * OUTCOMES.length + outcomeIndex;
      const counts = countsOf(sourceId ?? UNKNOWN_SOURCE);
      counts.slots[slot] = (counts.slots[slot] ?? 0) + 1;
      latency.observe((performance.now() - startedMs) / 1000, outcomeIndex);
      if (reason === null) return;
      const reasons = counts.reasons[slot];
      if (reasons === undefined) return;
      const known = reasons.get(reason);
      if (known === undefined && reasons.size >= MAX_REASONS) {
        reasons.set("other", (reasons.get("other") ?? 0) + 1);
      } else reasons.set(reason, (known ?? 0) + 1);
    },
    ack: (seconds) => acks.observe(seconds),
    drained: (events) => drains.inc(events),
    totals() {
      const totals = { published: 0, spooled: 0, failed: 0, rejected: 0, dropped: 0 };
      visit((_source, _type, outcome, counts, slot) => {
        totals[outcome] += counts.slots[slot] ?? 0;
      });
      return totals;
    },
    snapshot,
    render: async () => renderMetrics([await snapshot()]),
    stop: lagWatch.stop,
  };
}

/** Writes the metrics of one process, or of several added up, as Prometheus text. */
export function renderMetrics(snapshots: readonly Snapshot[]): Promise<string> {
  return AggregatorRegistry.aggregate([...snapshots]).metrics();
}

/** The content type of that text. */
export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;
