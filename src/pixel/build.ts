// From a query and what the request says to an event, or to the reason why there is none.
import { truncateAddress } from "./address.ts";
import type { QueryObject, QueryValue } from "./query.ts";
import { Rejection } from "./rejection.ts";
import { checkEvent, type EventType, type Flag, PAGE_FACTS } from "./schema.ts";
import { isWritable, readInstant, writeInstant } from "./timestamp.ts";

/** What a source decides about its events; the operator's configuration fills it. */
export interface SourcePolicy {
  readonly id: string;
  readonly anonymousId: "assign" | "cookie" | "reject";
  readonly ip: "keep" | "truncate" | "drop";
  readonly privacySignals: "flag" | "anonymise" | "drop";
  readonly bots: "flag" | "drop";
}

/** What a request says beside its query. */
export interface RequestFacts {
  readonly userAgent: string | null;
  readonly acceptLanguage: string | null;
  readonly referer: string | null;
  /** Read only for a source that keeps a cookie. */
  readonly cookie: string | null;
  readonly address: string | null;
  readonly flags: readonly Flag[];
}

/** Gives a new random id, a UUID. */
export type NewId = () => string;

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
const COOKIE = /(?:^|;\s*)pixelgate_id=([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:;|$)/;
const COOKIE_ATTRIBUTES = "Path=/; Max-Age=31536000; HttpOnly; Secure; SameSite=None";

function isObject(value: QueryValue | undefined): value is QueryObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isBlank(value: QueryValue | undefined): boolean {
  return value === undefined || (typeof value === "string" && value.trim() === "");
}

/** The write key of a query, trimmed; null when there is none. Source: rudder-server, gateway/handle_http_pixel.go. */
export function readWriteKey(query: QueryObject): string | null {
  const writeKey = query.writeKey;
  if (typeof writeKey !== "string") return null;
  const trimmed = writeKey.trim();
  return trimmed === "" ? null : trimmed;
}

/**
 * Builds the event of a query, in place: the query becomes the event. `nowMs` is when the request was received.
 * Fields and their rules: RudderStack Pixel API; where it is silent, the gateway's own, as the README lists them.
 */
export function buildEvent(
  type: EventType,
  query: QueryObject,
  source: SourcePolicy,
  facts: RequestFacts,
  nowMs: number,
  newId: NewId,
): Built | Dropped | Rejection {
  const { flags } = facts;
  if (flags.length > 0) {
    if (source.bots === "drop" && flags.includes("bot")) return new Dropped("bot");
    if (source.privacySignals === "drop") {
      if (flags.includes("gpc")) return new Dropped("gpc");
      if (flags.includes("dnt")) return new Dropped("dnt");
    }
  }
  const isPrivate = flags.includes("gpc") || flags.includes("dnt");

  if (type === "page") {
    if (query.name === "") query.name = "Unknown Page";
  } else if (query.event === undefined || query.event === "") {
    return new Rejection(400, "track: Mandatory field 'event' missing");
  }

  let context = query.context;
  if (context === undefined) query.context = context = {};
  else if (!isObject(context)) return new Rejection(400, "context must be an object");

  let identity = "client";
  let setCookie: string | null = null;
  if (typeof query.anonymousId === "string") query.anonymousId = stripQuotes(query.anonymousId);
  if (isBlank(query.anonymousId) && isBlank(query.userId)) {
    if (source.anonymousId === "reject") {
      return new Rejection(400, "request neither has anonymousId nor userId");
    }
    if (source.anonymousId === "cookie" && !isPrivate) {
      identity = "cookie";
      const known = facts.cookie === null ? undefined : COOKIE.exec(facts.cookie)?.[1];
      query.anonymousId = known ?? newId();
      if (known === undefined) setCookie = `pixelgate_id=${query.anonymousId}; ${COOKIE_ATTRIBUTES}`;
    } else {
      identity = "assigned";
      query.anonymousId = newId();
    }
  }

  const refusal = type === "page" ? fillPage(query, context, facts) : fillTrack(context, facts);
  if (refusal !== null) return refusal;
  if (context.userAgent === undefined && facts.userAgent !== null) context.userAgent = facts.userAgent;
  if (context.locale === undefined && facts.acceptLanguage !== null) {
    const locale = firstLanguage(facts.acceptLanguage);
    if (locale !== "") context.locale = locale;
  }
  fillAddress(query, context, facts.address, source.ip);

  query.type = type;
  query.channel ??= "web";
  query.integrations = EVERY_INTEGRATION;
  fillTimestamps(query, nowMs);
  if (query.messageId === undefined || typeof query.messageId === "string") {
    const given = (query.messageId ?? "").trim();
    query.messageId = given === "" || given.length > MESSAGE_ID_LETTERS ? newId() : given;
  }

  if (isPrivate && source.privacySignals === "anonymise") {
    // JSON leaves out what is undefined; a deleted key would cost the object its fast shape.
    hide(query, "userId", "request_ip");
    hide(context, "ip", "traits");
    query.anonymousId = newId();
    identity = "assigned";
  }
  hide(query, "writeKey");
  context.gateway = { sourceId: source.id, identity, flags: flags as string[] };

  const reason = checkEvent(type, query);
  if (reason !== null) return new Rejection(400, reason);
  return { event: query, messageId: query.messageId as string, setCookie };
}

const EVERY_INTEGRATION = { All: true } as unknown as QueryObject;

function hide(object: QueryObject, ...keys: string[]): void {
  const fields: Record<string, QueryValue | undefined> = object;
  for (const key of keys) if (fields[key] !== undefined) fields[key] = undefined;
}

// The AMP cookie is JSON: its id comes as "…", quotes included.
function stripQuotes(id: string): string {
  return id.length >= 2 && id.charCodeAt(0) === 34 && id.charCodeAt(id.length - 1) === 34
    ? id.slice(1, -1)
    : id;
}

function firstLanguage(acceptLanguage: string): string {
  const end = acceptLanguage.search(/[,;]/);
  const tag = (end < 0 ? acceptLanguage : acceptLanguage.slice(0, end)).trim();
  return tag === "*" ? "" : tag;
}

/** A page's facts may stand in `context.page` or in `properties`: each is copied where it is missing. */
function fillPage(query: QueryObject, context: QueryObject, facts: RequestFacts): Rejection | null {
  let { page } = context;
  let { properties } = query;
  if (page !== undefined && !isObject(page)) return new Rejection(400, "context.page must be an object");
  if (properties !== undefined && !isObject(properties)) {
    return new Rejection(400, "properties must be an object");
  }
  if (facts.referer !== null && page?.url === undefined && properties?.url === undefined) {
    if (page === undefined) context.page = page = {};
    page.url = facts.referer;
  }
  if (page === undefined && properties === undefined) return null;
  for (const fact of PAGE_FACTS) {
    const inPage = page?.[fact];
    const inProperties = properties?.[fact];
    if (inPage === undefined) {
      // What is no text stays where it is: the check names the place where the client put it.
      if (typeof inProperties !== "string") continue;
      if (page === undefined) context.page = page = {};
      page[fact] = inProperties;
    } else if (inProperties === undefined) {
      if (properties === undefined) query.properties = properties = {};
      properties[fact] = inPage;
    }
  }
  return null;
}

function fillTrack(context: QueryObject, facts: RequestFacts): Rejection | null {
  let { page } = context;
  if (page !== undefined && !isObject(page)) return new Rejection(400, "context.page must be an object");
  if (facts.referer !== null && page?.url === undefined) {
    if (page === undefined) context.page = page = {};
    page.url = facts.referer;
  }
  return null;
}

function fillAddress(
  query: QueryObject,
  context: QueryObject,
  address: string | null,
  policy: SourcePolicy["ip"],
): void {
  hide(query, "request_ip");
  if (policy === "drop") {
    hide(context, "ip");
    return;
  }
  const seen = address === null || policy === "keep" ? address : truncateAddress(address);
  if (seen !== null) query.request_ip = seen;
  if (context.ip === undefined) {
    if (seen !== null) context.ip = seen;
  } else if (policy === "truncate" && typeof context.ip === "string") {
    const cut = truncateAddress(context.ip);
    if (cut === null) hide(context, "ip");
    else context.ip = cut;
  }
}

function readGiven(value: QueryValue | undefined): number {
  return typeof value === "string" ? readInstant(value) : Number.NaN;
}

function fillTimestamps(query: QueryObject, nowMs: number): void {
  const receivedAt = writeInstant(nowMs);
  query.receivedAt = receivedAt;
  if (query.originalTimestamp === undefined && query.sentAt === undefined && query.timestamp === undefined) {
    query.originalTimestamp = receivedAt;
    query.sentAt = receivedAt;
    query.timestamp = receivedAt;
    return;
  }
  const orElse = (given: number, otherwise: number) => (isWritable(given) ? given : otherwise);
  const happened = orElse(readGiven(query.originalTimestamp), nowMs);
  const sent = orElse(readGiven(query.sentAt), nowMs);
  const corrected = orElse(nowMs - (sent - happened), nowMs);
  query.originalTimestamp = writeInstant(happened);
  query.sentAt = writeInstant(sent);
  query.timestamp = writeInstant(orElse(readGiven(query.timestamp), corrected));
}
