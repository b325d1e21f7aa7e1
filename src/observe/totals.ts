// Requests by how they ended, in numbers alone: what the live page sums up, and what outlives a process.
import { OUTCOMES, type Outcome } from "./observer.ts";

/** Requests since the start by how they ended. */
export type Totals = Readonly<Record<Outcome, number>>;

/** Zero of everything, to be counted up. */
export function noTotals(): Record<Outcome, number> {
  return Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
}

/** Adds totals up. */
export function addTotals(all: readonly Totals[]): Totals {
  const sum = noTotals();
  for (const totals of all) {
    for (const outcome of OUTCOMES) sum[outcome] += totals[outcome];
  }
  return sum;
}
