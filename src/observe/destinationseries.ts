// The series of each destination, as Prometheus text: what several processes hold of it, added up. Knows ids that are
// configured or that a spool has copies of, and no other text.
import { type Steps, stepwise } from "../config/steps.ts";
import { DESTINATION_STATES, type DestinationState } from "../delivery/state.ts";
import { escapeLabel, Series, writeSeries } from "./series.ts";
import type { Snapshot } from "./snapshot.ts";

const GAUGES = "pixelgate_destination_state";
const GAUGES_HELP = "Processes for which the destination is in this state";
const REFUSED = "pixelgate_destination_refused_total";
const REFUSED_HELP = "Events answered with 503 because the destination is over its share of the spool";

/** What stands in a snapshot for all of these; only refusals are counted, so they alone outlive a process. */
export function snapshotDestinations(destinations: readonly DestinationState[]): Snapshot {
  const refused = destinations.filter((destination) => destination.refused > 0);
  return [
    { name: GAUGES, help: GAUGES_HELP, type: "gauge", aggregator: "sum", values: [], destinations },
    {
      name: REFUSED,
      help: REFUSED_HELP,
      type: "counter",
      aggregator: "sum",
      values: refused.map(({ id, refused }) => ({ value: refused, labels: { destination: id } })),
    },
  ];
}

/** Whether a metric of a snapshot is one of these, so that nobody else writes it. */
export function isOfDestinations({ name }: Pick<Snapshot[number], "name">): boolean {
  return name === GAUGES || name === REFUSED;
}

interface Sum {
  readonly processes: Record<DestinationState["state"], number>;
  copies: number;
  bytes: number;
  oldestMs: number;
  quarantined: number;
  refused: number;
}

/** Adds what snapshots say of each destination up. */
function* sumDestinations(snapshots: readonly Snapshot[]): Steps<Map<string, Sum>> {
  const sums = new Map<string, Sum>();
  function sumOf(id: string): Sum {
    let sum = sums.get(id);
    if (sum === undefined) {
      const processes = { open: 0, slow: 0, shut: 0, barred: 0, unknown: 0 };
      sum = { processes, copies: 0, bytes: 0, oldestMs: 0, quarantined: 0, refused: 0 };
      sums.set(id, sum);
    }
    return sum;
  }
  for (const { name, destinations = [], values } of snapshots.flat()) {
    yield* stepwise(destinations, ({ id, state, copies, bytes, oldestMs, quarantined }) => {
      const sum = sumOf(id);
      sum.processes[state] += 1;
      sum.copies += copies;
      sum.bytes += bytes;
      sum.oldestMs = Math.max(sum.oldestMs, oldestMs ?? 0);
      sum.quarantined += quarantined;
    });
    if (name !== REFUSED) continue;
    yield* stepwise(values, ({ labels, value }) => {
      sumOf(String(labels.destination)).refused += value;
    });
  }
  return sums;
}

/** Writes the series of every destination that the snapshots name. */
export function* writeDestinationSeries(snapshots: readonly Snapshot[]): Steps<string> {
  const sums = yield* sumDestinations(snapshots);
  const states = new Series(GAUGES, GAUGES_HELP, "gauge");
  const copies = new Series(
    "pixelgate_destination_spool_copies",
    "Copies for the destination in the spool",
    "gauge",
  );
  const bytes = new Series("pixelgate_destination_spool_bytes", "Bytes of these copies", "gauge");
  const oldest = new Series(
    "pixelgate_destination_spool_oldest_seconds",
    "Age of the oldest of these copies, 0 without any",
    "gauge",
  );
  const quarantined = new Series(
    "pixelgate_destination_quarantined_copies",
    "Copies for the destination in quarantine: its stream will never take them",
    "gauge",
  );
  const refused = new Series(REFUSED, REFUSED_HELP, "counter");
  const metrics = [states, copies, bytes, oldest, quarantined, refused];

  const add = ([id, sum]: [string, Sum]) => {
    const label = `destination="${escapeLabel(id)}"`;
    for (const state of DESTINATION_STATES) states.add(`${label},state="${state}"`, sum.processes[state]);
    copies.add(label, sum.copies);
    bytes.add(label, sum.bytes);
    oldest.add(label, sum.oldestMs / 1000);
    quarantined.add(label, sum.quarantined);
    refused.add(label, sum.refused);
  };
  return yield* writeSeries(metrics, sums, add);
}
