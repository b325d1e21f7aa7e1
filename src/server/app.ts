// The public Elysia app. Routes only: decide decides, delivery keeps, reply answers.
import { Elysia } from "elysia";
import type { Delivery } from "../delivery/delivery.ts";
import type { Observer, Outcome } from "../observe/observer.ts";
import { arena } from "../pixel/payload.ts";
import { Rejection } from "../pixel/rejection.ts";
import {
  chooseReplyForm,
  replyAccepted,
  replyDropped,
  replyHead,
  replyOptions,
  replyRejected,
  replyText,
} from "../pixel/reply.ts";
import type { Decision, PixelRequest } from "./decide.ts";
import { report } from "./report.ts";
import { PIXEL_ROUTES, type PixelRoute } from "./routes.ts";

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

// `failed`: 503, ours. `rejected`: 4xx, the client's. `dropped`: 200, the operator's policy.
const NOT_SAFE = new Rejection(503, "event cannot be kept now: try again");
const TOO_LARGE = new Rejection(413, "event is larger than its destinations take");
const OVERLOADED = new Rejection(503, "gateway is overloaded: try again");

/** A request to be decided on: its peer is asked for late, and not at all where it does not count. */
class Received implements PixelRequest {
  readonly type: PixelRoute["type"];
  readonly pathForm: PixelRoute["pathForm"];
  readonly url: string;
  readonly headers: Headers;
  readonly receivedMs: number;
  readonly #request: Request;
  readonly #peerOf: AppOptions["peer"];

  constructor(
    { type, pathForm }: PixelRoute,
    request: Request,
    receivedMs: number,
    peerOf: AppOptions["peer"],
  ) {
    this.type = type;
    this.pathForm = pathForm;
    this.url = request.url;
    this.headers = request.headers;
    this.receivedMs = receivedMs;
    this.#request = request;
    this.#peerOf = peerOf;
  }

  get peer(): string | null {
    return this.#peerOf(this.#request);
  }
}

/** Creates the public app: the pixel routes and `/health`. */
export function createApp(options: AppOptions) {
  const { decide, delivery, observer, admits = () => true, clock, peer, onFault } = options;

  function take(route: PixelRoute, received: Request): Response | Promise<Response> {
    const startedMs = performance.now();
    if (!admits()) {
      observer.count("failed", route.type, null, OVERLOADED.reason, startedMs);
      return replyRejected(chooseReplyForm(route.pathForm, null, received.headers), OVERLOADED);
    }

    const request = new Received(route, received, clock(), peer);
    const decision = decide(request);
    const { form } = decision;
    const tell = (outcome: Outcome, status: number, reason: string | null) =>
      report(observer, request, decision, startedMs, outcome, status, reason);

    if (decision.outcome === "rejected") {
      const { rejection, record } = decision;
      if (record !== null) delivery.publishRejected(record.sourceId, record.payload);
      tell("rejected", rejection.status, rejection.reason);
      return replyRejected(form, rejection);
    }
    if (decision.outcome === "dropped") {
      tell("dropped", 200, decision.reason);
      return replyDropped(form, decision.reason);
    }
    const { outgoing, setCookie } = decision;
    return new Promise((resolve) => {
      delivery.deliver(outgoing, (delivered) => {
        if (delivered === "failed") {
          tell("failed", NOT_SAFE.status, NOT_SAFE.reason);
          resolve(replyRejected(form, NOT_SAFE));
        } else if (delivered === "tooLarge") {
          tell("rejected", TOO_LARGE.status, TOO_LARGE.reason);
          resolve(replyRejected(form, TOO_LARGE));
        } else {
          tell(delivered, 200, null);
          resolve(replyAccepted(form, setCookie));
        }
        arena.release(outgoing.payload);
      });
    });
  }

  /** A HEAD answers as its GET would, a source's own form of reply included, and makes no event. */
  function probe({ type, pathForm }: PixelRoute, { url, headers }: Request): Response {
    const request = { type, pathForm, url, headers, peer: null, receivedMs: clock(), isProbe: true };
    return replyHead(decide(request).form);
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

  for (const route of PIXEL_ROUTES) {
    app
      .get(route.path, ({ request }) => take(route, request))
      .head(route.path, ({ request }) => probe(route, request))
      .options(route.path, () => replyOptions())
      .all(route.path, () => replyText(405, "method not allowed", { Allow: "GET, HEAD, OPTIONS" }));
  }
  return app;
}
