// From a query and what the request says to an event, or to the reason why there is none: the walk, step by step.
import {
  type AddressPolicy,
  fillAddress,
  fillClient,
  fillPage,
  fillTrackedPage,
  type RequestFacts,
} from "./facts.ts";
import { hide, isObject } from "./fields.ts";
import { type AnonymousIdPolicy, anonymise, fillIdentity, type NewId } from "./identity.ts";
import type { QueryObject } from "./query.ts";
import { Rejection } from "./rejection.ts";
import { checkEvent, type EventType, type Flag } from "./schema.ts";
import { fillTimestamps } from "./skew.ts";

/** What a source decides about its events; the operator's configuration fills it. */
export interface SourcePolicy {
  readonly id: string;
  readonly anonymousId: AnonymousIdPolicy;
  readonly ip: AddressPolicy;
  readonly privacySignals: "flag" | "anonymise" | "drop";
  readonly bots: "flag" | "drop";
}

/** An event as built: its fields are those of `PageEvent` or `TrackEvent`, checked. */
export interface Built {
  readonly event: QueryObject;
  readonly messageId: string;
  readonly setCookie: string | null;
}

/** An event that the operator's own policy drops, and which one. */
export class Dropped {
  readonly reason: "bot" | "gpc" | "dnt";

  constructor(reason: "bot" | "gpc" | "dnt") {
    this.reason = reason;
  }
}

const MESSAGE_ID_LETTERS = 255;
const EVERY_INTEGRATION = { All: true } as unknown as QueryObject;

/** The write key of a query, trimmed; null when there is none. Source: rudder-server, gateway/handle_http_pixel.go. */
export function readWriteKey(query: QueryObject): string | null {
  const writeKey = query.writeKey;
  if (typeof writeKey !== "string") return null;
  const trimmed = writeKey.trim();
  return trimmed === "" ? null : trimmed;
}

/**
 * Builds the event of a query, in place: the query becomes the event. `nowMs` is when the request was received.
 * Fields and their rules: docs/wire-contract.md, "Fields".
 */
export function buildEvent(
  type: EventType,
  query: QueryObject,
  source: SourcePolicy,
  facts: RequestFacts,
  nowMs: number,
  newId: NewId,
): Built | Dropped | Rejection {
  const { flags, referer } = facts;
  const dropped = findDrop(flags, source);
  if (dropped !== null) return dropped;
  const isPrivate = asksForPrivacy(flags);

  if (type === "page") {
    if (query.name === "") query.name = "Unknown Page";
  } else if (query.event === undefined || query.event === "") {
    return new Rejection(400, "track: Mandatory field 'event' missing");
  }

  let context = query.context;
  if (context === undefined) query.context = context = {};
  else if (!isObject(context)) return new Rejection(400, "context must be an object");

  let identity = fillIdentity(query, source.anonymousId, facts.cookie, isPrivate, newId);
  if (identity instanceof Rejection) return identity;
  const misfit = type === "page" ? fillPage(query, context, referer) : fillTrackedPage(context, referer);
  if (misfit !== null) return misfit;
  fillClient(context, facts);
  fillAddress(query, context, facts, source.ip);

  query.type = type;
  query.channel ??= "web";
  query.integrations = EVERY_INTEGRATION;
  fillTimestamps(query, nowMs);
  fillMessageId(query, newId);
  hide(query, "writeKey");
  if (isPrivate && source.privacySignals === "anonymise") identity = anonymise(query, context, newId);
  context.gateway = { sourceId: source.id, identity: identity.origin, flags: flags as string[] };

  const reason = checkEvent(type, query);
  if (reason !== null) return new Rejection(400, reason);
  return { event: query, messageId: query.messageId as string, setCookie: identity.setCookie };
}

/** Whether flags say that the visitor asks for privacy. */
export function asksForPrivacy(flags: readonly Flag[]): boolean {
  return flags.includes("gpc") || flags.includes("dnt");
}

/** Whether the source's policy drops an event of such flags, and which one. */
export function findDrop(flags: readonly Flag[], source: SourcePolicy): Dropped | null {
  if (flags.length === 0) return null;
  if (source.bots === "drop" && flags.includes("bot")) return new Dropped("bot");
  if (source.privacySignals !== "drop") return null;
  if (flags.includes("gpc")) return new Dropped("gpc");
  return flags.includes("dnt") ? new Dropped("dnt") : null;
}

/** One that is of another kind is left for the check to name. */
function fillMessageId(query: QueryObject, newId: NewId): void {
  if (query.messageId !== undefined && typeof query.messageId !== "string") return;
  query.messageId = chooseMessageId(query.messageId ?? "", newId);
}

/** A client's id, trimmed; a new one where it is empty, or too long to keep. */
export function chooseMessageId(given: string, newId: NewId): string {
  const trimmed = given.trim();
  return trimmed === "" || trimmed.length > MESSAGE_ID_LETTERS ? newId() : trimmed;
}
