// What dead processes counted, added up: a total outlives who counted it, a gauge does not.
import type { Snapshot } from "./metrics.ts";

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
