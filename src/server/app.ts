// The public Elysia app. Routes only: decide decides, delivery keeps, reply answers.
import { Elysia } from "elysia";
import type { Delivery } from "../delivery/delivery.ts";
import type { Delivered } from "../delivery/outgoing.ts";
import type { Observer, Outcome } from "../observe/observer.ts";
import { Dropped } from "../pixel/build.ts";
import { queryOf } from "../pixel/query.ts";
import { Rejection } from "../pixel/rejection.ts";
import {
  type ReplyForm,
  readReplyForm,
  replyAccepted,
  replyDropped,
  replyHead,
  replyOptions,
  replyRejected,
  replyText,
} from "../pixel/reply.ts";
import { EVENT_TYPES, type EventType } from "../pixel/schema.ts";
import { Accepted, type Decision, isPublishable, type PixelRequest } from "./decide.ts";
import { targetOf } from "./target.ts";

/** What the public app is made of. */
export interface AppOptions {
  readonly decide: (request: PixelRequest) => Decision;
  readonly delivery: Pick<Delivery, "deliver" | "publishRejected">;
  readonly observer: Observer;
  /** False for a request that must be turned away with 503, before any work; everybody is admitted without it. */
  readonly admits?: () => boolean;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** The address of a request's socket, from the runtime. */
  readonly peer: (request: Request) => string | null;
  /** Told of an error that is a bug of ours. */
  readonly onFault: (error: unknown) => void;
}

const NOT_SAFE = new Rejection(503, "event cannot be kept now: try again");
const OVERLOADED = new Rejection(503, "gateway is overloaded: try again");

/** Creates the public app: the pixel routes and `/health`. */
export function createApp(options: AppOptions) {
  const { decide, delivery, observer, clock, peer, onFault } = options;
  const admits = options.admits ?? (() => true);

  function take(type: EventType, gifPath: boolean, request: Request): Response | Promise<Response> {
    const startedMs = performance.now();
    const receivedMs = clock();
    if (!admits()) {
      observer.count("failed", type, null, OVERLOADED.reason, startedMs);
      return replyRejected(gifPath ? "gif" : readReplyForm(request.headers), OVERLOADED);
    }
    const { url, headers } = request;
    const { source, result } = decide({ type, url, headers, peer: peer(request), receivedMs });
    const form: ReplyForm = gifPath ? "gif" : (source?.reply ?? readReplyForm(headers));
    const sourceId = source?.id ?? null;

    const tell = (outcome: Outcome, reason: string | null, status: number) => {
      observer.count(outcome, type, sourceId, reason, startedMs);
      if (!observer.isWatched) return;
      const outgoing = result instanceof Accepted ? result.outgoing : null;
      observer.show({
        receivedMs,
        type,
        outcome,
        reason,
        status,
        sourceId,
        destinations: outgoing?.routes.map((route) => route.destinationId) ?? [],
        target: targetOf(url),
        userAgent: headers.get("user-agent"),
        payload: outgoing?.payload ?? null,
      });
    };

    if (result instanceof Accepted) {
      return new Promise((resolve) => {
        delivery.deliver(result.outgoing, (delivered: Delivered) => {
          const isSafe = delivered !== "failed";
          tell(delivered, isSafe ? null : NOT_SAFE.reason, isSafe ? 200 : NOT_SAFE.status);
          resolve(isSafe ? replyAccepted(form, result.setCookie) : replyRejected(form, NOT_SAFE));
        });
      });
    }
    if (result instanceof Dropped) {
      tell("dropped", result.reason, 200);
      return replyDropped(form, result.reason);
    }
    tell("rejected", result.reason, result.status);
    if (isPublishable(source, result, headers)) {
      const receivedAt = new Date(receivedMs).toISOString();
      const userAgent = headers.get("user-agent");
      const query = queryOf(url);
      delivery.publishRejected(
        source.id,
        JSON.stringify({ reason: result.reason, query, receivedAt, sourceId, userAgent }),
      );
    }
    return replyRejected(form, result);
  }

  // A HEAD answers as its GET would, a source's own form of reply included.
  function probe(type: EventType, gifPath: boolean, { url, headers }: Request): Response {
    if (gifPath) return replyHead("gif");
    const { source } = decide({ type, url, headers, peer: null, receivedMs: clock(), isProbe: true });
    return replyHead(source?.reply ?? readReplyForm(headers));
  }

  const app = new Elysia({
    precompile: true,
    normalize: false,
    strictPath: true,
    handler: { standardHostname: false },
  })
    .onError(({ code, error }) => {
      if (code === "NOT_FOUND") return replyText(404, "not found");
      onFault(error);
      return replyText(500, "internal error");
    })
    .get("/health", () => replyText(200, "OK"));

  for (const type of EVENT_TYPES) {
    for (const gifPath of [false, true]) {
      const path = `/pixel/v1/${type}${gifPath ? ".gif" : ""}`;
      app
        .get(path, ({ request }) => take(type, gifPath, request))
        .head(path, ({ request }) => probe(type, gifPath, request))
        .options(path, () => replyOptions())
        .all(path, () => replyText(405, "method not allowed", { Allow: "GET, HEAD, OPTIONS" }));
    }
  }
  return app;
}
