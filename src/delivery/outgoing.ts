// What delivery is given, and the fate it reports.

import type { Route } from "../config/subject.ts";
import type { EventType } from "../pixel/schema.ts";

/** An event on its way out: one message per route, all with the same payload. */
export interface Outgoing {
  /** The message of a route has the `Nats-Msg-Id` `<id>.<destinationId>`. */
  readonly id: string;
  readonly sourceId: string;
  readonly type: EventType;
  /** The event as JSON. */
  readonly payload: string;
  /** Its length in bytes, as UTF-8: what counts against every bound. */
  readonly payloadBytes: number;
  readonly routes: readonly Route[];
}

/** `published`: every route has its PubAck. `spooled`: on disk and fsynced. `failed`: nobody is responsible for it. */
export type Delivered = "published" | "spooled" | "failed";
