// From an event to somewhere safe. Owns the choice between NATS and the spool.
import type { Route } from "./subject.ts";

/** An event on its way out: one message per route, all with the same payload. */
export interface Outgoing {
  /** The message of a route has the `Nats-Msg-Id` `<id>.<destinationId>`. */
  readonly id: string;
  readonly sourceId: string;
  readonly type: "page" | "track";
  /** The event as JSON. */
  readonly payload: string;
  readonly routes: readonly Route[];
}

/** `published`: every route has its PubAck. `spooled`: on disk and fsynced. `failed`: nobody is responsible for it. */
export type Delivered = "published" | "spooled" | "failed";

/** The state of delivery at this instant, for metrics, readiness and the live page. */
export interface DeliveryState {
  /** `off`: no NATS_URL. `degraded`: connected, but the stream does not take messages. */
  readonly nats: "off" | "up" | "degraded" | "down";
  readonly inFlight: number;
  readonly inFlightBytes: number;
  readonly spooled: number;
  readonly spooledBytes: number;
  /** Age of the oldest spooled event in milliseconds, null when the spool is empty. */
  readonly oldestSpooledMs: number | null;
  readonly spoolFull: boolean;
}

export interface Delivery {
  /** Takes an event and calls `settle` once, when its fate is known. Never throws. */
  deliver(outgoing: Outgoing, settle: (delivered: Delivered) => void): void;
  /** Publishes a refused request for the operator to see; best effort and bounded, never spooled. */
  publishRejected(sourceId: string, payload: string): void;
  state(): DeliveryState;
  /** Waits for what is in flight, spools what has no ack, closes. Resolves within `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}
