// The words for how a request ended, as metrics and the gateway's documents have them. Pure.

/** Outcomes of events that are safe, together called `accepted`. */
export const ACCEPTED = ["published", "spooled", "quarantined"];

/** Outcomes of requests whose event is not kept, and whose sender must hear so. */
export const ERRORS = ["rejected", "failed"];

/** How many there were of some outcomes. @param {Record<string, number>} totals @param {readonly string[]} outcomes */
export function countOf(totals, outcomes) {
  return outcomes.reduce((sum, outcome) => sum + (totals[outcome] ?? 0), 0);
}
