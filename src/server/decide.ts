// Decides what a request is: an event and where it goes, a rejection, or a drop; how it is answered, and what of it is
// published. Delivers nothing.
import { createHash } from "node:crypto";
import type { BlockList } from "node:net";
import { routesOfVisitor } from "../config/routing.ts";
import type { Source, Sources } from "../config/sources.ts";
import type { Outgoing } from "../delivery/outgoing.ts";
import { asksForPrivacy } from "../pixel/agent.ts";
import { buildEvent, Dropped, readWriteKey } from "../pixel/build.ts";
import { type RequestFacts, readFacts } from "../pixel/facts.ts";
import { userAgentOf } from "../pixel/headers.ts";
import { type NewId, visitorOf } from "../pixel/identity.ts";
import { encodePayload } from "../pixel/payload.ts";
import { decode } from "../pixel/percent.ts";
import type { WrittenEvent } from "../pixel/plan/planned.ts";
import type { Plans } from "../pixel/plan/plans.ts";
import { type QueryObject, queryOf, readQuery } from "../pixel/query.ts";
import { Rejection } from "../pixel/rejection.ts";
import { chooseReplyForm, type ReplyForm } from "../pixel/reply.ts";
import type { RateLimiter } from "./ratelimiter.ts";
import type { PixelRoute } from "./routes.ts";
import { isTargetOver } from "./target.ts";

/** One request on a pixel route. */
export interface PixelRequest extends Pick<PixelRoute, "type" | "pathForm"> {
  /** The request's URL as the runtime gives it: absolute, or a bare target. */
  readonly url: string;
  readonly headers: Headers;
  /** The socket's peer, to be asked for where it counts alone: the kernel is asked for it, which takes 1.5 to 2 µs. */
  readonly peer: string | null;
  /** Epoch milliseconds. */
  readonly receivedMs: number;
  /** True for HEAD: nothing will be delivered or published, so nothing counts against the source's rate. */
  readonly isProbe?: boolean;
}

/** What a request is. Each decision names its source, null without a valid write key, and the form of the answer. */
export type Decision = AcceptedRequest | RejectedRequest | DroppedRequest;

/** An event that may be delivered. */
export interface AcceptedRequest {
  readonly outcome: "accepted";
  readonly source: Source;
  readonly form: ReplyForm;
  readonly outgoing: Outgoing;
  readonly setCookie: string | null;
}

/** A request that the client would have to send otherwise: status 400, 414 or 429. */
export interface RejectedRequest {
  readonly outcome: "rejected";
  readonly source: Source | null;
  readonly form: ReplyForm;
  readonly rejection: Rejection;
  /** What is published of it, null where nothing is. */
  readonly record: RejectedRecord | null;
}

/** An event that the source's own policy drops. */
export interface DroppedRequest {
  readonly outcome: "dropped";
  readonly source: Source;
  readonly form: ReplyForm;
  readonly reason: Dropped["reason"];
}

/** A rejected request as the operator may see it. */
export interface RejectedRecord {
  readonly sourceId: string;
  /** JSON: reason, query, receivedAt, sourceId, userAgent. */
  readonly payload: string;
}

/** What a decision over requests depends on. */
export interface DecideOptions {
  readonly maxUrlBytes: number;
  readonly trustedProxies: BlockList | null;
  /** The sources of this moment: a reload gives others. */
  readonly sources: () => Sources;
  readonly newId: NewId;
  /** Null admits every rate, as `explain` does. */
  readonly rateLimiter: RateLimiter | null;
  /** The fast path; null for the reference alone. */
  readonly plans: Plans | null;
}

const NO_WRITE_KEY = new Rejection(400, "failed to read writekey from query params");
const UNKNOWN_WRITE_KEY = new Rejection(400, "invalid write key");
const DISABLED = new Rejection(400, "source is disabled");
const OVER_RATE = new Rejection(429, "source is over its rate limit");

/** Creates the decision over requests; pure but for the time of the request, the ids and the rate limiter. */
export function createDecide(options: DecideOptions): (request: PixelRequest) => Decision {
  const { maxUrlBytes, trustedProxies, sources, newId, rateLimiter, plans } = options;
  const tooLong = new Rejection(414, `request target too long: more than ${maxUrlBytes} bytes`);

  return (request) => {
    const { type, url, receivedMs } = request;
    if (isTargetOver(url, maxUrlBytes)) return reject(request, null, tooLong);
    const planned = plans?.find(url) ?? null;
    const query = planned === null ? readQuery(queryOf(url)) : null;
    if (query instanceof Rejection) return reject(request, sourceOfUnread(url, sources()), query);
    const writeKey = query === null ? (planned?.writeKey() ?? null) : readWriteKey(query);
    if (writeKey === null) return reject(request, null, NO_WRITE_KEY);
    const source = sources().get(writeKey);
    if (source === undefined) return reject(request, null, UNKNOWN_WRITE_KEY);
    if (!source.enabled) return reject(request, source, DISABLED);
    if (isOverRate(request, source, rateLimiter)) return reject(request, source, OVER_RATE);

    const facts = readFacts(request, trustedProxies, source.anonymousId === "cookie");
    const event =
      planned?.write(type, source, facts, receivedMs, newId) ?? refer(query, request, source, facts);
    if (event instanceof Rejection) return reject(request, source, event);
    const form = replyFormOf(request, source);
    if (event instanceof Dropped) return { outcome: "dropped", source, form, reason: event.reason };

    const routing = source.routing[type];
    const outgoing: Outgoing = {
      id: source.dedupe === null ? newId() : `${source.id}.${headerToken(event.messageId)}`,
      sourceId: source.id,
      type,
      payload: event.payload,
      routes: routing.common ?? routesOfVisitor(routing, event.visitor()),
    };
    return { outcome: "accepted", source, form, outgoing, setCookie: event.setCookie };
  };

  /** The event as the reference makes it, which any query is good for; the fast path learns of it. */
  function refer(
    read: QueryObject | null,
    { type, url, receivedMs }: PixelRequest,
    source: Source,
    facts: RequestFacts,
  ): WrittenEvent | Dropped | Rejection {
    const query = read ?? readQuery(queryOf(url));
    if (query instanceof Rejection) return query;
    const built = buildEvent(type, query, source, facts, receivedMs, newId);
    if (built instanceof Rejection || built instanceof Dropped) return built;
    const { event, messageId, setCookie } = built;
    const payload = encodePayload(JSON.stringify(event));
    plans?.learn(url, type, source, facts);
    return { payload, messageId, setCookie, visitor: () => visitorOf(event) };
  }
}

function replyFormOf({ pathForm, headers }: PixelRequest, source: Source | null): ReplyForm {
  return chooseReplyForm(pathForm, source?.reply ?? null, headers);
}

function reject(request: PixelRequest, source: Source | null, rejection: Rejection): RejectedRequest {
  const form = replyFormOf(request, source);
  const record = isPublishable(request, source, rejection) ? recordOf(request, source, rejection) : null;
  return { outcome: "rejected", source, form, rejection, record };
}

/** The source of a query that passes a cap: its write key is looked for as it is usually written, and no other parameter read. */
function sourceOfUnread(url: string, sources: Sources): Source | null {
  const [, written = ""] = /(?:^|&)writeKey=([^&]*)/.exec(queryOf(url)) ?? [];
  return sources.get(decode(written).trim()) ?? null;
}

function isOverRate(
  { isProbe, receivedMs }: PixelRequest,
  source: Source,
  takes: RateLimiter | null,
): boolean {
  if (source.rateLimit === null || takes === null || isProbe === true) return false;
  return !takes(source.id, source.rateLimit, receivedMs);
}

/**
 * Whether a rejected query is published for the operator to see: with a valid write key and status 400. It would go as
 * it came, so not that of a visitor whose identity the source has promised to remove.
 */
function isPublishable(
  { headers, isProbe }: PixelRequest,
  source: Source | null,
  { status }: Rejection,
): source is Source {
  if (source === null || status !== 400 || isProbe === true) return false;
  return source.privacySignals === "flag" || !asksForPrivacy(headers);
}

function recordOf(
  { url, headers, receivedMs }: PixelRequest,
  source: Source,
  { reason }: Rejection,
): RejectedRecord {
  const { id: sourceId } = source;
  const receivedAt = new Date(receivedMs).toISOString();
  const userAgent = userAgentOf(headers);
  const payload = JSON.stringify({ reason, query: queryOf(url), receivedAt, sourceId, userAgent });
  return { sourceId, payload };
}

/** A client's message id as part of a NATS header: as it is when made of harmless letters, else its SHA-256. */
function headerToken(messageId: string): string {
  if (/^[A-Za-z0-9_.:@=+/-]+$/.test(messageId)) return messageId;
  return createHash("sha256").update(messageId).digest("base64url");
}
