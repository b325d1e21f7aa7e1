// How much the relay has on the wire at once, and when it tries again: (pace, event, nowMs) -> pace. Pure.
//
// AIMD window: +1 per event that got through, back to 1 when one stays unacked.
//
// | on | window | nothing before | pause before the next pass |
// |---|---|---|---|
// | restarted | 1 | now | 250 ms |
// | relayed | + 1, up to 512 | the same | the same |
// | unacked, NATS up | 1 | the same | the same |
// | unacked, NATS degraded | 1 | 250 ms from now, if it is not later already | the same |
// | rejected | the same | the same | the same |
// | passed, and something got through or NATS is degraded | the same | the same | 250 ms |
// | passed, and nothing did | the same | the same | twice as long, up to 30 s |

/** The relay's pace at one moment. */
export interface RelayPace {
  /** Events that may be on the wire at once. */
  readonly window: number;
  /** While NATS is degraded, nothing is tried before this time. */
  readonly holdUntilMs: number;
  /** From the end of a pass over the spool to the next one. */
  readonly pauseMs: number;
  /** Whether an event got through in this pass. */
  readonly hasProgress: boolean;
}

/** What can happen to the relay. */
export type RelayEvent =
  /** The connection is a new one. */
  | { readonly is: "restarted" }
  /** An event has all its acks. */
  | { readonly is: "relayed" }
  /** An event has not: the stream, not this event, is in trouble. */
  | { readonly is: "unacked"; readonly isDegraded: boolean }
  /** The stream will never take an event: that says nothing of the others. */
  | { readonly is: "rejected" }
  /** Every row that is left has been tried. */
  | { readonly is: "passed"; readonly isDegraded: boolean };

export const MAX_WINDOW = 512;
export const MIN_PAUSE_MS = 250;
export const MAX_PAUSE_MS = 30_000;

/** At a start, and on a new connection: a stream that nothing is known of gets one event to try. */
export const FRESH_PACE: RelayPace = {
  window: 1,
  holdUntilMs: 0,
  pauseMs: MIN_PAUSE_MS,
  hasProgress: false,
};

/** The pace after an event. */
export function nextPace(pace: RelayPace, event: RelayEvent, nowMs: number): RelayPace {
  switch (event.is) {
    case "restarted":
      return FRESH_PACE;
    case "relayed":
      return { ...pace, window: Math.min(pace.window + 1, MAX_WINDOW), hasProgress: true };
    case "unacked": {
      const isHeld = pace.holdUntilMs > nowMs;
      const holdUntilMs = event.isDegraded && !isHeld ? nowMs + MIN_PAUSE_MS : pace.holdUntilMs;
      return { ...pace, window: 1, holdUntilMs };
    }
    case "rejected":
      return pace;
    case "passed": {
      const isHopeful = pace.hasProgress || event.isDegraded;
      const pauseMs = isHopeful ? MIN_PAUSE_MS : Math.min(pace.pauseMs * 2, MAX_PAUSE_MS);
      return { ...pace, pauseMs, hasProgress: false };
    }
  }
}
