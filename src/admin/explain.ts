// Says what a pixel URL would become: the same decision as the public port's, and nothing is published.
import type { BlockList } from "node:net";
import type { Sources } from "../config/sources.ts";
import { rejectedSubject } from "../config/subject.ts";
import { messageId } from "../delivery/outgoing.ts";
import { Dropped } from "../pixel/build.ts";
import type { NewId } from "../pixel/identity.ts";
import { type ReplyForm, readReplyForm } from "../pixel/reply.ts";
import { EVENT_TYPES, type EventType } from "../pixel/schema.ts";
import { Accepted, createDecide, isPublishable } from "../server/decide.ts";
import { targetOf } from "../server/target.ts";

/** What an explanation depends on: the settings of the public port. */
export interface ExplainOptions {
  readonly maxUrlBytes: number;
  readonly trustedProxies: BlockList | null;
  readonly stream: { readonly prefix: string };
  readonly sources: () => Sources;
  /** A random UUID by default. */
  readonly newId?: NewId;
  /** Epoch milliseconds; `Date.now` by default. */
  readonly clock?: () => number;
}

/** A message as it would be published. */
export interface ExplainedMessage {
  readonly destination: string;
  readonly subject: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a request would become. Ids and times that the gateway gives are new at each explanation. */
export interface Explanation {
  readonly outcome: "accepted" | "rejected" | "dropped";
  /** The status that the request would be answered with. */
  readonly status: number;
  /** Why it is refused or dropped, null when it is taken. */
  readonly reason: string | null;
  /** The body of the answer. */
  readonly reply: ReplyForm;
  readonly type: EventType | null;
  /** Id of the source, null without a valid write key. */
  readonly source: string | null;
  readonly event: unknown;
  /** Empty too when no destination of the source takes the type. */
  readonly messages: readonly ExplainedMessage[];
  /** The subject that a refused request is published to, null when it is not. */
  readonly rejectedTo: string | null;
}

/** Explains a pixel URL, path or bare query target, as if it came with these headers from this address. */
export type Explain = (url: string, headers?: Headers, peer?: string | null) => Explanation;

const ROUTE = /^\/pixel\/v1\/([a-z]+)(\.gif)?(?=[?#]|$)/;

/** Creates the explanation over the sources of the moment; rate limits do not count. */
export function createExplain(options: ExplainOptions): Explain {
  const { maxUrlBytes, trustedProxies, sources, stream } = options;
  const { newId = () => crypto.randomUUID(), clock = Date.now } = options;
  const decide = createDecide({ maxUrlBytes, trustedProxies, sources, newId, rateLimiter: null });

  return (url, headers = new Headers(), peer = null) => {
    const given = url.trim();
    const target = /^https?:\/\//i.test(given) || given.startsWith("/") ? targetOf(given) : `/${given}`;
    const [, name, gif] = ROUTE.exec(target) ?? [];
    const type = EVENT_TYPES.find((type) => type === name);
    const nothing = { event: null, messages: [], rejectedTo: null };
    if (type === undefined) {
      const reason = "not a pixel route: the path is not /pixel/v1/page or /pixel/v1/track";
      return {
        outcome: "rejected",
        status: 404,
        reason,
        reply: "text",
        type: null,
        source: null,
        ...nothing,
      };
    }

    const { source, result } = decide({ type, url: target, headers, peer, receivedMs: clock() });
    const reply = gif === undefined ? (source?.reply ?? readReplyForm(headers)) : "gif";
    const asked = { reply, type, source: source?.id ?? null };
    if (result instanceof Dropped) {
      return { outcome: "dropped", status: 200, reason: result.reason, ...asked, ...nothing };
    }
    if (!(result instanceof Accepted)) {
      const { status, reason } = result;
      const isShown = isPublishable(source, result, headers);
      const rejectedTo = isShown ? rejectedSubject(stream.prefix, source.id) : null;
      return { outcome: "rejected", status, reason, ...asked, ...nothing, rejectedTo };
    }
    const { outgoing } = result;
    return {
      outcome: "accepted",
      status: 200,
      reason: null,
      ...asked,
      event: JSON.parse(outgoing.payload),
      messages: outgoing.routes.map((route) => ({
        destination: route.destinationId,
        subject: route.subject,
        headers: { "Nats-Msg-Id": messageId(outgoing, route) },
      })),
      rejectedTo: null,
    };
  };
}
