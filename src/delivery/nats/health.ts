// Whether NATS takes events: (health, event, nowMs) -> health. Pure: the publisher tells it what has happened, and acts
// on what has become of it. An event that a row does not name changes nothing.
//
// | in | on | to |
// |---|---|---|
// | any | connected | looking, not silent |
// | any | lost | down, not silent |
// | looking, blocked, degraded | usable: news, or nothing in flight | up |
// | looking, blocked | usable: neither | degraded |
// | looking, blocked | unanswered | degraded |
// | looking, degraded, up | blocked | blocked, not silent |
// | degraded, up | trouble | degraded |
// | looking, blocked, degraded, up | deaf | deaf, silent from now on |
// | degraded | stored: within 2.5 s, sent since the last trouble | up, not silent |
// | degraded | stored: later, or sent before | degraded, not silent |
// | up | stored | up, not silent |
// | degraded, up | answered | the same, not silent |
// | degraded, up | sent | the same, silent from now on if it was not |
// | degraded, up, deaf | tick: silent for more than 10 s | down, not silent |

/**
 * `down`: no connection. `looking`: connected, and the stream is not looked up yet. `blocked`: the stream is not there
 * and cannot be created. `deaf`: acks cannot reach us. `degraded`: the stream takes no messages, or too slowly; one at a
 * time finds out. `up`: it takes them.
 */
export const HEALTH_PHASES = ["down", "looking", "blocked", "deaf", "degraded", "up"] as const;
export type HealthPhase = (typeof HEALTH_PHASES)[number];

/** What operators are told: all that is neither `up` nor `down` is `degraded` to them. */
export type NatsHealth = "up" | "degraded" | "down";

/** The health at one moment. Times are those of the clock that gives `nowMs`. */
export interface Health {
  readonly phase: HealthPhase;
  /** When it was last in trouble: only what was sent later can prove it well again. */
  readonly troubledMs: number;
  /** Since when an answer is waited for, or cannot come; null while answers come, or nothing is sent. */
  readonly silentSinceMs: number | null;
}

/** What can happen. */
export type HealthEvent =
  /** A connection is there, and the acks' inbox is subscribed. */
  | { readonly is: "connected" }
  | { readonly is: "lost" }
  /** The stream is there. News: it was not when last looked up. Idle: nothing is in flight whose ack would tell more. */
  | { readonly is: "usable"; readonly isNews: boolean; readonly isIdle: boolean }
  /** JetStream does not say whether the stream is there. */
  | { readonly is: "unanswered" }
  | { readonly is: "blocked" }
  /** An ack says that the stream takes nothing now, or there was none in time. */
  | { readonly is: "trouble" }
  /** The server does not let us receive acks. */
  | { readonly is: "deaf" }
  | { readonly is: "sent" }
  /** An answer came that is no proof of anything but that answers come. */
  | { readonly is: "answered" }
  | { readonly is: "stored"; readonly sentMs: number }
  /** Some time has gone by. */
  | { readonly is: "tick" };

/** Without any answer for so long although pings are answered, another server may do better. */
export const STALL_MS = 10_000;
/** An ack later than this does not prove the stream fit for events that a client waits for. */
export const FIT_MS = 2500;

/** Before the first connection. */
export const NO_CONNECTION: Health = { phase: "down", troubledMs: 0, silentSinceMs: null };

/** The health after an event: the very same object where nothing has changed. */
export function nextHealth(health: Health, event: HealthEvent, nowMs: number): Health {
  const { phase } = health;
  if (event.is === "connected") return { phase: "looking", troubledMs: nowMs, silentSinceMs: null };
  if (phase === "down") return health;
  const isOpen = phase === "degraded" || phase === "up";
  switch (event.is) {
    case "lost":
      return NO_CONNECTION;
    case "usable":
      if (phase === "up" || phase === "deaf") return health;
      if (event.isNews || event.isIdle) return { ...health, phase: "up" };
      return phase === "degraded" ? health : { ...health, phase: "degraded" };
    case "unanswered":
      return phase === "looking" || phase === "blocked" ? { ...health, phase: "degraded" } : health;
    case "blocked":
      if (phase === "blocked" || phase === "deaf") return health;
      return { phase: "blocked", troubledMs: nowMs, silentSinceMs: null };
    case "trouble":
      return isOpen ? { ...health, phase: "degraded", troubledMs: nowMs } : health;
    case "deaf":
      return phase === "deaf" ? health : { phase: "deaf", troubledMs: nowMs, silentSinceMs: nowMs };
    case "sent":
      return isOpen && health.silentSinceMs === null ? { ...health, silentSinceMs: nowMs } : health;
    case "answered":
      return isOpen ? heard(health) : health;
    case "stored": {
      const isProof = event.sentMs > health.troubledMs && nowMs - event.sentMs < FIT_MS;
      if (phase === "degraded" && isProof) return { ...health, phase: "up", silentSinceMs: null };
      return isOpen ? heard(health) : health;
    }
    case "tick": {
      const { silentSinceMs } = health;
      const isTooLong = silentSinceMs !== null && nowMs - silentSinceMs > STALL_MS;
      return isTooLong && (isOpen || phase === "deaf") ? NO_CONNECTION : health;
    }
  }
}

function heard(health: Health): Health {
  return health.silentSinceMs === null ? health : { ...health, silentSinceMs: null };
}

/** Whether a message may go on the wire: where it could be stored, and its ack can reach us. */
export function mayPublish({ phase }: Health): boolean {
  return phase === "degraded" || phase === "up";
}

/** What operators are told of it. */
export function natsHealthOf({ phase }: Health): NatsHealth {
  return phase === "down" || phase === "up" ? phase : "degraded";
}
