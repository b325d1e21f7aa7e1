// What happens to requests, told to whoever counts or watches. The request path knows this interface alone.
import type { Delivered } from "../delivery/outgoing.ts";
import type { EventType } from "../pixel/schema.ts";

/**
 * How a request ended.
 * - `published`: 200; every message of the event has its JetStream ack.
 * - `spooled`: 200; the event is in the spool and fsynced.
 * - `quarantined`: 200; so too, and one of its streams will never take it: an operator decides.
 * - `failed`: 503, ours.
 * - `rejected`: 4xx, the client's.
 * - `dropped`: 200, the operator's policy.
 */
export type Outcome = Exclude<Delivered, "tooLarge"> | "rejected" | "dropped";

/** Every outcome. */
export const OUTCOMES = [
  "published",
  "spooled",
  "quarantined",
  "failed",
  "rejected",
  "dropped",
] as const satisfies Outcome[];

/** The outcomes of an event that is safe, together called `accepted`. */
export const ACCEPTED: readonly Outcome[] = ["published", "spooled", "quarantined"];

/** What an operator may call outcomes. */
export const OUTCOME_NAMES = ["accepted", ...OUTCOMES] as const;

/** One request, as the live page shows it. */
export interface LiveRecord {
  /** When it was received, epoch milliseconds. */
  readonly receivedMs: number;
  readonly type: EventType;
  readonly outcome: Outcome;
  /** Why it was rejected or dropped or has failed, null when it was accepted. */
  readonly reason: string | null;
  readonly status: number;
  /** Null without a valid write key. */
  readonly sourceId: string | null;
  /** Ids of the destinations it went to. */
  readonly destinations: readonly string[];
  /** Path and query as they came. */
  readonly target: string;
  readonly userAgent: string | null;
  /** The event as JSON, null when there is none. */
  readonly payload: string | null;
}

/** Whoever counts and watches requests. */
export interface Observer {
  /** True while somebody watches: only then is a record worth building. */
  readonly isWatched: boolean;
  /** Counts one request; `sourceId` is null without a valid write key, `startedMs` is a `performance.now()`. */
  count(
    outcome: Outcome,
    type: EventType,
    sourceId: string | null,
    reason: string | null,
    startedMs: number,
  ): void;
  show(record: LiveRecord): void;
}
