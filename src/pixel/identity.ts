// Who an event is of: the ids that the client gives, the visitor's cookie, or an id that the gateway assigns.
import { hide, isBlank } from "./fields.ts";
import type { QueryObject } from "./query.ts";
import { Rejection } from "./rejection.ts";

/** Gives a new random id, a UUID. */
export type NewId = () => string;

/** What becomes of a request without any id. */
export type AnonymousIdPolicy = "assign" | "cookie" | "reject";

/** Where an event's identity comes from, and the `Set-Cookie` that keeps it, null for none. */
export interface Identity {
  readonly origin: "client" | "cookie" | "assigned";
  readonly setCookie: string | null;
}

const GIVEN: Identity = { origin: "client", setCookie: null };
const ASSIGNED: Identity = { origin: "assigned", setCookie: null };
const REMEMBERED: Identity = { origin: "cookie", setCookie: null };

const COOKIE = /(?:^|;\s*)pixelgate_id=([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:;|$)/;
const COOKIE_ATTRIBUTES = "Path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=None";

/**
 * Takes the ids that a query gives, or gives it an `anonymousId` by the source's policy; a Rejection where that wants one
 * from the client. `cookie` is the `Cookie` header; a visitor who asks for privacy gets an id for this one event.
 */
export function fillIdentity(
  query: QueryObject,
  policy: AnonymousIdPolicy,
  cookie: string | null,
  isPrivate: boolean,
  newId: NewId,
): Identity | Rejection {
  if (typeof query.anonymousId === "string") query.anonymousId = stripQuotes(query.anonymousId);
  if (!isBlank(query.anonymousId) || !isBlank(query.userId)) return GIVEN;
  if (policy === "reject") return new Rejection(400, "request neither has anonymousId nor userId");
  if (policy === "assign" || isPrivate) {
    query.anonymousId = newId();
    return ASSIGNED;
  }
  const known = cookie === null ? undefined : COOKIE.exec(cookie)?.[1];
  const id = known ?? newId();
  query.anonymousId = id;
  if (known !== undefined) return REMEMBERED;
  return { origin: "cookie", setCookie: `pixelgate_id=${id}; ${COOKIE_ATTRIBUTES}` };
}

/** Removes who the visitor is from an event that is otherwise whole, and gives it an id that no other event has. */
export function anonymise(query: QueryObject, context: QueryObject, newId: NewId): Identity {
  hide(query, "userId", "request_ip");
  hide(context, "ip", "traits");
  query.anonymousId = newId();
  return ASSIGNED;
}

/** Whose event it is, as far as its ids say: the anonymousId, else the userId, else nobody's, which is `""`. */
export function visitorOf({ anonymousId, userId }: { anonymousId?: unknown; userId?: unknown }): string {
  if (typeof anonymousId === "string" && !isBlank(anonymousId)) return anonymousId;
  return typeof userId === "string" ? userId : "";
}

/** The AMP cookie is JSON: its id comes as `"…"`, quotes included. */
export function stripQuotes(id: string): string {
  return id.length >= 2 && id.charCodeAt(0) === 34 && id.charCodeAt(id.length - 1) === 34
    ? id.slice(1, -1)
    : id;
}
