// How much a lane of the relay has on the wire at once, and when it tries again: (pace, event, nowMs) -> pace. Pure.
//
// AIMD window: +1 per copy that got through, back to 1 when one stays unacked.
//
// | on | window | nothing before | pause before the next pass |
// |---|---|---|---|
// | relayed | + 1, up to 512 | the same | the same |
// | unacked | 1 | 250 ms from now, if it is not later already | the same |
// | passed, and something got through | the same | the same | 250 ms |
// | passed, and nothing did | the same | the same | twice as long, up to 30 s |

/** A lane's pace at one moment. Times are those of the clock that gives `nowMs`. */
export interface RelayPace {
  /** Copies that may be on the wire at once. */
  readonly window: number;
  /** Nothing is tried before this time. */
  readonly notBeforeMs: number;
  /** From the end of a pass over the backlog to the next one. */
  readonly pauseMs: number;
  /** Whether a copy got through in this pass. */
  readonly hasProgress: boolean;
}

/** What can happen to a lane. A copy that is busy, or refused for good, says nothing of the others. */
export type RelayEvent =
  /** A copy has its ack. */
  | { readonly is: "relayed" }
  /** A copy has none: its stream or its destination, not this copy, is in trouble. */
  | { readonly is: "unacked" }
  /** The backlog is read to its end, nothing is on the wire, and something is left. */
  | { readonly is: "passed" };

export const MAX_WINDOW = 512;
export const MIN_PAUSE_MS = 250;
export const MAX_PAUSE_MS = 30_000;

/** At a start: a stream that nothing is known of gets one copy to try. */
export const FRESH_PACE: RelayPace = {
  window: 1,
  notBeforeMs: 0,
  pauseMs: MIN_PAUSE_MS,
  hasProgress: false,
};

/** The pace after an event. */
export function nextPace(pace: RelayPace, event: RelayEvent, nowMs: number): RelayPace {
  switch (event.is) {
    case "relayed":
      return { ...pace, window: Math.min(pace.window + 1, MAX_WINDOW), hasProgress: true };
    case "unacked": {
      const isLater = pace.notBeforeMs > nowMs;
      return { ...pace, window: 1, notBeforeMs: isLater ? pace.notBeforeMs : nowMs + MIN_PAUSE_MS };
    }
    case "passed": {
      const pauseMs = pace.hasProgress ? MIN_PAUSE_MS : Math.min(pace.pauseMs * 2, MAX_PAUSE_MS);
      return { ...pace, pauseMs, hasProgress: false };
    }
  }
}
