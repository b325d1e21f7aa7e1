// The metrics of a process as data, and those of dead ones added up: a total outlives who counted it, a gauge does not.
import type { Aggregator } from "prom-client";

/** All metrics of one process as plain data that can be sent to another process. */
export type Snapshot = {
  name: string;
  help: string;
  type: string;
  aggregator: Aggregator;
  values: { value: number; labels: Record<string, string | number>; metricName?: string }[];
}[];

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
    sums.set(metric.name, { ...metric, values: [...values.values()] });
  }
  return [...sums.values()];
}
