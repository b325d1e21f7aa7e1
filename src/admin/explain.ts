// Says what a pixel URL would become: the same decision as the public port's, and nothing is published.
import type { BlockList } from "node:net";
import type { Sources } from "../config/sources.ts";
import { rejectedSubject } from "../config/subject.ts";
import { messageId } from "../delivery/outgoing.ts";
import type { NewId } from "../pixel/identity.ts";
import { decodePayload } from "../pixel/payload.ts";
import type { ReplyForm } from "../pixel/reply.ts";
import type { EventType } from "../pixel/schema.ts";
import { createDecide } from "../server/decide.ts";
import { findRoute } from "../server/routes.ts";
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
  /** The stream that is to take it. */
  readonly stream: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a request would become. Ids and times that the gateway gives are new at each explanation. */
export interface Explanation {
  readonly outcome: "accepted" | "rejected" | "dropped";
  /** The status that the request would be answered with. */
  readonly status: number;
  /** Why it is rejected or dropped, null when it is accepted. */
  readonly reason: string | null;
  /** The body of the answer. */
  readonly reply: ReplyForm;
  readonly type: EventType | null;
  /** Id of the source, null without a valid write key. */
  readonly source: string | null;
  readonly event: unknown;
  /** Empty too when no destination of the source takes the type. */
  readonly messages: readonly ExplainedMessage[];
  /** The subject that a rejected request is published to, null when it is not. */
  readonly rejectedTo: string | null;
}

/** Explains a pixel URL, path or bare query target, as if it came with these headers from this address. */
export type Explain = (url: string, headers?: Headers, peer?: string | null) => Explanation;

const NOTHING = { event: null, messages: [], rejectedTo: null };

const NO_ROUTE: Explanation = {
  outcome: "rejected",
  status: 404,
  reason: "not a pixel route: the path is not /pixel/v1/page or /pixel/v1/track",
  reply: "text",
  type: null,
  source: null,
  ...NOTHING,
};

/** Creates the explanation over the sources of the moment; rate limits do not count. */
export function createExplain(options: ExplainOptions): Explain {
  const { maxUrlBytes, trustedProxies, sources, stream } = options;
  const { newId = () => crypto.randomUUID(), clock = Date.now } = options;
  const decide = createDecide({
    maxUrlBytes,
    trustedProxies,
    sources,
    newId,
    rateLimiter: null,
    plans: null,
  });

  return (url, headers = new Headers(), peer = null) => {
    const given = url.trim();
    const target = /^https?:\/\//i.test(given) || given.startsWith("/") ? targetOf(given) : `/${given}`;
    const route = findRoute(target);
    if (route === null) return NO_ROUTE;
    const { type, pathForm } = route;
    const decision = decide({ type, pathForm, url: target, headers, peer, receivedMs: clock() });
    const { outcome } = decision;
    const asked = { reply: decision.form, type, source: decision.source?.id ?? null };
    switch (decision.outcome) {
      case "dropped":
        return { outcome, status: 200, reason: decision.reason, ...asked, ...NOTHING };
      case "rejected": {
        const { rejection, record } = decision;
        const { status, reason } = rejection;
        const rejectedTo = record === null ? null : rejectedSubject(stream.prefix, record.sourceId);
        return { outcome, status, reason, ...asked, ...NOTHING, rejectedTo };
      }
      case "accepted": {
        const { outgoing } = decision;
        const messages = outgoing.routes.map((route) => ({
          destination: route.destinationId,
          subject: route.subject,
          stream: route.stream,
          headers: { "Nats-Msg-Id": messageId(outgoing, route) },
        }));
        const event = JSON.parse(decodePayload(outgoing.payload));
        return { outcome, status: 200, reason: null, ...asked, event, messages, rejectedTo: null };
      }
    }
  };
}
