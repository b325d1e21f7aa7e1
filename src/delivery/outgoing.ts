// What delivery is given, under which id the stream knows it, and the fate it reports.
import type { Route } from "../config/subject.ts";
import type { Payload } from "../pixel/payload.ts";
import type { EventType } from "../pixel/schema.ts";

/** An event on its way out: one message per route, all with the same payload. */
export interface Outgoing {
  /** The event's part of every `messageId`: no two events of a source share it unless they are one. */
  readonly id: string;
  readonly sourceId: string;
  readonly type: EventType;
  /** The event; its length is what counts against every bound. */
  readonly payload: Payload;
  readonly routes: readonly Route[];
}

/**
 * The fate of an event.
 * - `published`: every route has its PubAck.
 * - `spooled`: what has none is on disk and fsynced.
 * - `quarantined`: so too, and some of it is a message that its stream will never take: an operator decides.
 * - `failed`: nobody is responsible for it.
 * - `tooLarge`: none of its streams will ever take it, and nothing is kept.
 */
export type Delivered = "published" | "spooled" | "quarantined" | "failed" | "tooLarge";

/**
 * The `Nats-Msg-Id` of a route's message, `<id>.<destinationId>`: printable ASCII, as a header needs it, and never the
 * same for two ids.
 */
export function messageId(outgoing: Pick<Outgoing, "id">, route: Pick<Route, "destinationId">): string {
  return `${idInHeader(outgoing.id)}.${route.destinationId}`;
}

/** An event's id as a part of a header: as it is when printable ASCII, else percent-encoded; `%` too, so that no id looks like another one encoded. */
export function idInHeader(id: string): string {
  return /^[\x21-\x24\x26-\x7e]*$/.test(id) ? id : encodeURIComponent(id.toWellFormed());
}
