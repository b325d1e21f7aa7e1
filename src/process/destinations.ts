// What several processes say of the same destinations and streams, as one gateway says it.
import type { Finding } from "../delivery/finding.ts";
import { DESTINATION_STATES, type DestinationState } from "../delivery/state.ts";

const KNOWN_STATES = DESTINATION_STATES.filter((state) => state !== "unknown");

/**
 * Adds up what each process says of its destinations, in the order in which they are first named. The worst state stands
 * for all, with the reason of the process that has it for longest; one without a connection knows nothing of it.
 */
export function addDestinations(processes: Iterable<readonly DestinationState[]>): DestinationState[] {
  const sums = new Map<string, DestinationState>();
  for (const destinations of processes) {
    for (const destination of destinations) {
      const sum = sums.get(destination.id);
      sums.set(destination.id, sum === undefined ? destination : addDestination(sum, destination));
    }
  }
  return [...sums.values()];
}

function addDestination(one: DestinationState, other: DestinationState): DestinationState {
  const { state, reason, sinceMs } = worse(one, other);
  return {
    id: one.id,
    state,
    reason,
    sinceMs,
    copies: one.copies + other.copies,
    bytes: one.bytes + other.bytes,
    oldestMs: longer(one.oldestMs, other.oldestMs),
    quarantined: one.quarantined + other.quarantined,
    refused: one.refused + other.refused,
  };
}

function worse(one: DestinationState, other: DestinationState): DestinationState {
  const worst = KNOWN_STATES.findLast((state) => state === one.state || state === other.state);
  if (worst === undefined || one.state === other.state) {
    return (other.sinceMs ?? 0) > (one.sinceMs ?? 0) ? other : one;
  }
  return one.state === worst ? one : other;
}

/** The longer of two times in milliseconds; null is none. */
function longer(oneMs: number | null, otherMs: number | null): number | null {
  if (oneMs === null || otherMs === null) return oneMs ?? otherMs;
  return Math.max(oneMs, otherMs);
}

/** Every finding once: all processes look at the same streams. */
export function addFindings(processes: Iterable<readonly Finding[]>): Finding[] {
  const found = new Map<string, Finding>();
  for (const findings of processes) {
    for (const finding of findings) {
      const { stream, severity, says, cure } = finding;
      const key = JSON.stringify([stream, severity, says, cure]);
      if (!found.has(key)) found.set(key, finding);
    }
  }
  return [...found.values()];
}
