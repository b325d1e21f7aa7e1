// The metrics of a process as data, and those of dead ones added up: a total outlives who counted it, a gauge does not.
import type { Aggregator } from "prom-client";
import { runAtOnce } from "../config/steps.ts";
import type { DestinationState } from "../delivery/state.ts";
import { addCounts, type SourceCount } from "./counts.ts";

/**
 * All metrics of one process as plain data that can be sent to another process. The requests by source are one metric
 * without values: its `sources` are far less than the series that are made of them. So are the gauges of `destinations`.
 */
export type Snapshot = {
  name: string;
  help: string;
  type: string;
  aggregator: Aggregator;
  values: { value: number; labels: Record<string, string | number>; metricName?: string }[];
  sources?: readonly SourceCount[];
  destinations?: readonly DestinationState[];
}[];

/** The requests by source of a snapshot. */
export function sourcesOf(snapshot: Snapshot): readonly SourceCount[] {
  return snapshot.flatMap(({ sources = [] }) => sources);
}

/** Adds the counters of a snapshot to those of earlier ones; as large as one snapshot, however many die. */
export function addCounters(earlier: Snapshot, snapshot: Snapshot): Snapshot {
  const sums = new Map(earlier.map((metric) => [metric.name, metric]));
  for (const metric of snapshot) {
    if (metric.type === "gauge") continue;
    const values = new Map<string, Snapshot[number]["values"][number]>();
    for (const value of [...(sums.get(metric.name)?.values ?? []), ...metric.values]) {
      const key = JSON.stringify([value.metricName, value.labels]);
      values.set(key, { ...value, value: value.value + (values.get(key)?.value ?? 0) });
    }
    sums.set(metric.name, {
      ...metric,
      values: [...values.values()],
      ...addSources(sums.get(metric.name), metric),
    });
  }
  return [...sums.values()];
}

function addSources(sum: Snapshot[number] | undefined, { sources }: Snapshot[number]) {
  if (sources === undefined) return {};
  return { sources: [...runAtOnce(addCounts([sum?.sources ?? [], sources])).values()] };
}
