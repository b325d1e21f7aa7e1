// Requests by source, type, outcome and reason. A count is a few plain additions, because it stands on the request path.
import { EVENT_TYPES, type EventType } from "../pixel/schema.ts";
import { OUTCOMES, type Outcome } from "./observer.ts";
import { noTotals, type Totals } from "./totals.ts";

/** The source of requests without a valid write key; no configured source can have this id. */
const UNKNOWN_SOURCE = "_unknown";

// Reasons are fixed texts and field names of a schema. The cap is for the day that somebody adds one which is not.
const MAX_REASONS = 64;
const OTHER_REASON = "other";

/** How many requests of one source and type ended in one way, and why so many of them. */
export interface RequestCount {
  readonly source: string;
  readonly type: EventType;
  readonly outcome: Outcome;
  readonly count: number;
  /** How often each reason; empty for an outcome that needs none. */
  readonly reasons: ReadonlyMap<string, number>;
}

/** The counts of one process. */
export interface RequestCounts {
  /** Counts one request; `sourceId` is null without a valid write key. */
  count(outcome: Outcome, type: EventType, sourceId: string | null, reason: string | null): void;
  /** Every count there is, zeros included. */
  list(): RequestCount[];
  totals(): Totals;
}

/** The counts of one source: a slot for each type and outcome. */
class SourceCounts {
  readonly slots = new Float64Array(EVENT_TYPES.length * OUTCOMES.length);
  readonly reasons = Array.from(this.slots, () => new Map<string, number>());
}

/** Creates the counts; each of `sourceIds` is listed from the start, at zero. */
export function createRequestCounts(sourceIds: () => Iterable<string>): RequestCounts {
  const sources = new Map<string, SourceCounts>();

  function countsOf(sourceId: string): SourceCounts {
    let counts = sources.get(sourceId);
    if (counts === undefined) {
      counts = new SourceCounts();
      sources.set(sourceId, counts);
    }
    return counts;
  }

  function list(): RequestCount[] {
    countsOf(UNKNOWN_SOURCE);
    for (const id of sourceIds()) countsOf(id);
    return [...sources].flatMap(([source, { slots, reasons }]) =>
      EVENT_TYPES.flatMap((type) =>
        outcomesOf(source).map((outcome) => {
          const slot = slotOf(type, outcome);
          return { source, type, outcome, count: slots[slot] ?? 0, reasons: reasons[slot] ?? new Map() };
        }),
      ),
    );
  }

  return {
    count(outcome, type, sourceId, reason) {
      const counts = countsOf(sourceId ?? UNKNOWN_SOURCE);
      const slot = slotOf(type, outcome);
      counts.slots[slot] = (counts.slots[slot] ?? 0) + 1;
      const reasons = counts.reasons[slot];
      if (reason === null || reasons === undefined) return;
      const kept = reasons.has(reason) || reasons.size < MAX_REASONS ? reason : OTHER_REASON;
      reasons.set(kept, (reasons.get(kept) ?? 0) + 1);
    },

    list,

    totals() {
      const totals = noTotals();
      for (const { outcome, count } of list()) totals[outcome] += count;
      return totals;
    },
  };
}

/** Without a valid write key a request can only be rejected, or fail before it is read. */
function outcomesOf(source: string): readonly Outcome[] {
  return source === UNKNOWN_SOURCE ? ["failed", "rejected"] : OUTCOMES;
}

const TYPE_SLOTS = slotsOf(EVENT_TYPES, OUTCOMES.length);
const OUTCOME_SLOTS = slotsOf(OUTCOMES, 1);

function slotOf(type: EventType, outcome: Outcome): number {
  return TYPE_SLOTS[type] + OUTCOME_SLOTS[outcome];
}

function slotsOf<T extends string>(names: readonly T[], width: number): Readonly<Record<T, number>> {
  return Object.fromEntries(names.map((name, index) => [name, index * width])) as Record<T, number>;
}
