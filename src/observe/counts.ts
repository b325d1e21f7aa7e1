// Requests by source, type, outcome and reason. A count is a few plain additions, because it stands on the request path.
import { type Steps, stepwise } from "../config/steps.ts";
import { EVENT_TYPES, type EventType } from "../pixel/schema.ts";
import { OUTCOMES, type Outcome } from "./observer.ts";
import { noTotals, type Totals } from "./totals.ts";

/** The source of requests without a valid write key; no configured source can have this id. */
export const UNKNOWN_SOURCE = "_unknown";

// Reasons are fixed texts and field names of a schema. The cap is for the day that somebody adds one which is not.
const MAX_REASONS = 64;
const OTHER_REASON = "other";

/** The requests of one source, as plain data that can be sent to another process. */
export interface SourceCount {
  readonly source: string;
  /** How many, by `slotOf`. */
  readonly slots: readonly number[];
  /** Why so many of them: the slot, a reason, how often. */
  readonly reasons: readonly (readonly [slot: number, reason: string, count: number])[];
}

/** The counts of one process. */
export interface RequestCounts {
  /** Counts one request; `sourceId` is null without a valid write key. */
  count(outcome: Outcome, type: EventType, sourceId: string | null, reason: string | null): void;
  /** The count of every source that has had a request. */
  list(): SourceCount[];
  totals(): Totals;
}

const SLOTS = EVENT_TYPES.length * OUTCOMES.length;

/** The counts of one source: a slot for each type and outcome. */
class Tally {
  readonly slots = new Float64Array(SLOTS);
  /** By slot; most outcomes never have a reason, and most sources no request. */
  readonly reasons = new Map<number, Map<string, number>>();
}

/** Creates the counts, without any source. */
export function createRequestCounts(): RequestCounts {
  const sources = new Map<string, Tally>();

  function tallyOf(sourceId: string): Tally {
    let tally = sources.get(sourceId);
    if (tally === undefined) {
      tally = new Tally();
      sources.set(sourceId, tally);
    }
    return tally;
  }

  return {
    count(outcome, type, sourceId, reason) {
      const tally = tallyOf(sourceId ?? UNKNOWN_SOURCE);
      const slot = slotOf(type, outcome);
      tally.slots[slot] = (tally.slots[slot] ?? 0) + 1;
      if (reason === null) return;
      let reasons = tally.reasons.get(slot);
      if (reasons === undefined) {
        reasons = new Map();
        tally.reasons.set(slot, reasons);
      }
      const kept = reasons.has(reason) || reasons.size < MAX_REASONS ? reason : OTHER_REASON;
      reasons.set(kept, (reasons.get(kept) ?? 0) + 1);
    },

    list: () =>
      Array.from(sources, ([source, { slots, reasons }]) => ({
        source,
        slots: Array.from(slots),
        reasons: [...reasons].flatMap(([slot, counts]) =>
          Array.from(counts, ([reason, count]): [number, string, number] => [slot, reason, count]),
        ),
      })),

    totals() {
      const totals = noTotals();
      for (const { slots } of sources.values()) {
        for (const { outcome, slot } of KINDS) totals[outcome] += slots[slot] ?? 0;
      }
      return totals;
    },
  };
}

/** Adds counts up, of several processes or times, source by source. */
export function* addCounts(all: Iterable<readonly SourceCount[]>): Steps<Map<string, SourceCount>> {
  const sums = new Map<string, SourceCount>();
  for (const counts of all) {
    yield* stepwise(counts, (count) => {
      const sum = sums.get(count.source);
      sums.set(count.source, sum === undefined ? count : addCount(sum, count));
    });
  }
  return sums;
}

function addCount(one: SourceCount, other: SourceCount): SourceCount {
  const reasons = new Map<string, [number, string, number]>();
  for (const [slot, reason, count] of [...one.reasons, ...other.reasons]) {
    const key = `${slot} ${reason}`;
    reasons.set(key, [slot, reason, count + (reasons.get(key)?.[2] ?? 0)]);
  }
  const slots = one.slots.map((count, slot) => count + (other.slots[slot] ?? 0));
  return { source: one.source, slots, reasons: [...reasons.values()] };
}

const TYPE_SLOTS = slotsOf(EVENT_TYPES, OUTCOMES.length);
const OUTCOME_SLOTS = slotsOf(OUTCOMES, 1);

/** Where a type and an outcome are counted. */
export function slotOf(type: EventType, outcome: Outcome): number {
  return TYPE_SLOTS[type] + OUTCOME_SLOTS[outcome];
}

function slotsOf<T extends string>(names: readonly T[], width: number): Readonly<Record<T, number>> {
  return Object.fromEntries(names.map((name, index) => [name, index * width])) as Record<T, number>;
}

/** Every type and outcome, and its slot. */
export const KINDS = EVENT_TYPES.flatMap((type) =>
  OUTCOMES.map((outcome) => ({ type, outcome, slot: slotOf(type, outcome) })),
);
