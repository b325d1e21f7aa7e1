// What is known of the connection alone: (health, event, nowMs) -> health. Pure: the publisher tells it what has happened,
// and acts on what has become of it. What a stream or a destination does with copies is told to its gate. An event that a
// row does not name changes nothing.
//
// | in | on | to |
// |---|---|---|
// | any | connected | up, not silent |
// | any | lost | down, not silent |
// | up | deaf | deaf, silent from now on |
// | up | sent | up, silent from now on if it was not |
// | up | answered | up, not silent |
// | up, deaf | tick: silent for more than 10 s | down, not silent |

/** `down`: no connection. `deaf`: acks cannot reach us. `up`: there is one, and answers reach us. */
export const HEALTH_PHASES = ["down", "deaf", "up"] as const;
export type HealthPhase = (typeof HEALTH_PHASES)[number];

/** The health at one moment. Times are those of the clock that gives `nowMs`. */
export interface Health {
  readonly phase: HealthPhase;
  /** Since when an answer is waited for, or cannot come; null while answers come, or nothing is sent. */
  readonly silentSinceMs: number | null;
}

/** What can happen. */
export type HealthEvent =
  /** A connection is there, and the acks' inbox is subscribed. */
  | { readonly is: "connected" }
  | { readonly is: "lost" }
  /** The server does not let us receive acks. */
  | { readonly is: "deaf" }
  | { readonly is: "sent" }
  /** An answer came, of whatever kind and from whichever stream: an ack, a refusal, a denial, a look-up's. */
  | { readonly is: "answered" }
  /** Some time has gone by. */
  | { readonly is: "tick" };

/** Without any answer for so long although pings are answered, another server may do better. */
export const STALL_MS = 10_000;

/** Before the first connection. */
export const NO_CONNECTION: Health = { phase: "down", silentSinceMs: null };
const FRESH: Health = { phase: "up", silentSinceMs: null };

/** The health after an event: the very same object where nothing has changed. */
export function nextHealth(health: Health, event: HealthEvent, nowMs: number): Health {
  const { phase, silentSinceMs } = health;
  switch (event.is) {
    case "connected":
      return FRESH;
    case "lost":
      return NO_CONNECTION;
    case "deaf":
      return phase === "up" ? { phase: "deaf", silentSinceMs: nowMs } : health;
    case "sent":
      return phase === "up" && silentSinceMs === null ? { phase, silentSinceMs: nowMs } : health;
    case "answered":
      return phase === "up" && silentSinceMs !== null ? FRESH : health;
    case "tick":
      return silentSinceMs !== null && nowMs - silentSinceMs > STALL_MS ? NO_CONNECTION : health;
  }
}
