// The series of requests by source, as Prometheus text: a source has a dozen and more of them.
import type { Steps } from "../config/steps.ts";
import { EVENT_TYPES } from "../pixel/schema.ts";
import { addCounts, KINDS, type SourceCount, slotOf, UNKNOWN_SOURCE } from "./counts.ts";
import { ACCEPTED, type Outcome } from "./observer.ts";
import { escapeLabel, Series, writeSeries } from "./series.ts";

/** The name of the metric that stands for all of these in a snapshot. */
export const EVENTS_TOTAL = "pixelgate_events_total";
/** What it says. */
export const EVENTS_HELP = "Requests on the pixel routes, each once, by how it ended";

const ACCEPTED_TOTAL = "pixelgate_accepted_total";
const ACCEPTED_HELP = "Events answered with 200 because they are safe: published, spooled or quarantined";

// Outcomes that have a reason, each with a counter of its own, and what that says.
const REASONED = {
  rejected: "Requests answered with 4xx for a fault of the client's, by reason",
  dropped: "Requests dropped by the operator's policy, by reason",
  failed: "Requests answered with 503 for a cause of ours, by reason",
} as const satisfies Partial<Record<Outcome, string>>;

/** Without a valid write key a request can only be rejected, or fail before it is read. */
const UNKNOWN_OUTCOMES: readonly Outcome[] = ["failed", "rejected"];
const UNKNOWN_KINDS = KINDS.filter(({ outcome }) => UNKNOWN_OUTCOMES.includes(outcome));

/**
 * Writes the series of all sources: of those that processes have counted, and at zero of each of `sourceIds` and of
 * requests without a source.
 */
export function* writeRequestSeries(
  all: Iterable<readonly SourceCount[]>,
  sourceIds: Iterable<string>,
): Steps<string> {
  const counts = yield* addCounts(all);
  const events = new Series(EVENTS_TOTAL, EVENTS_HELP, "counter");
  const accepted = new Series(ACCEPTED_TOTAL, ACCEPTED_HELP, "counter");
  const reasoned = new Map(
    Object.entries(REASONED).map(([outcome, help]) => [
      outcome,
      new Series(`pixelgate_${outcome}_total`, help, "counter"),
    ]),
  );
  const metrics = [events, accepted, ...reasoned.values()];

  function add(source: string): void {
    const { slots = [], reasons = [] } = counts.get(source) ?? {};
    const isUnknown = source === UNKNOWN_SOURCE;
    for (const { type, outcome, slot } of isUnknown ? UNKNOWN_KINDS : KINDS) {
      events.add(`source="${source}",type="${type}",outcome="${outcome}"`, slots[slot] ?? 0);
    }
    for (const type of isUnknown ? [] : EVENT_TYPES) {
      const count = ACCEPTED.reduce((sum, outcome) => sum + (slots[slotOf(type, outcome)] ?? 0), 0);
      accepted.add(`source="${source}",type="${type}"`, count);
    }
    for (const [slot, reason, count] of reasons) {
      const kind = KINDS[slot];
      if (kind === undefined) continue;
      const labels = `source="${source}",type="${kind.type}",reason="${escapeLabel(reason)}"`;
      reasoned.get(kind.outcome)?.add(labels, count);
    }
  }

  const sources = new Set([UNKNOWN_SOURCE, ...sourceIds, ...counts.keys()]);
  return yield* writeSeries(metrics, sources, add);
}
