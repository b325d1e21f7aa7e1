// The state of delivery at one instant, for metrics, readiness and the live page. Plain data: workers send it to their
// supervisor.
import type { Finding } from "./finding.ts";
import type { SpoolState } from "./spool/admission.ts";

/**
 * States of NATS, best first. `off`: no NATS_URL. `degraded`: connected, but an ack cannot be counted on: new events are
 * spooled.
 */
export const NATS_STATES = ["off", "up", "degraded", "down"] as const;

/**
 * States of a destination, best first. `open`: its copies are published. `slow`: they are taken, but later than a client
 * should wait: they go through the spool. `shut`: none is taken now, and one is tried now and then. `barred`: none may be
 * sent until its stream is another. `unknown`: there is no connection to tell by.
 */
export const DESTINATION_STATES = ["open", "slow", "shut", "barred", "unknown"] as const;

/** What is the case with one destination. */
export interface DestinationState {
  readonly id: string;
  readonly state: (typeof DESTINATION_STATES)[number];
  /** Why it is not open, without a client's text; empty while it is. */
  readonly reason: string;
  /** How long it has been in this state, in milliseconds; null while it is open or unknown. */
  readonly sinceMs: number | null;
  /** Its copies in the spools, without those in quarantine. */
  readonly copies: number;
  /** Their payload bytes. */
  readonly bytes: number;
  /** Age of the oldest of them in milliseconds, null when there is none. */
  readonly oldestMs: number | null;
  /** Its copies that the stream will never take. */
  readonly quarantined: number;
  /** Events that were refused since the start, because its backlog was over its share of the spool. */
  readonly refused: number;
}

/** The state of delivery at this instant. */
export interface DeliveryState {
  readonly nats: (typeof NATS_STATES)[number];
  readonly inFlight: number;
  readonly inFlightBytes: number;
  readonly spooled: number;
  readonly spooledBytes: number;
  /** Age of the oldest spooled event in milliseconds, null when the spool is empty. */
  readonly oldestSpooledMs: number | null;
  /** Whether the spool takes events. */
  readonly spool: SpoolState;
  /** Rows of the spool that the disk has changed, each set aside alone. */
  readonly damagedRows: number;
  /** Rows of damaged or lost files that are still to come back. */
  readonly salvageLeft: number;
  /** Every configured destination, and those that only the spool knows. */
  readonly destinations: readonly DestinationState[];
  /** What was found when the streams were looked up. */
  readonly findings: readonly Finding[];
  /** Copies in quarantine, of all destinations. */
  readonly quarantined: number;
  /** Whether the quarantine takes no copy more: what would have to go there is answered 503. */
  readonly quarantineFull: boolean;
}
