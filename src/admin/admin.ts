// The operator's Elysia app, on a port of its own: probes, metrics, explain, the live feed and its page.
// It reads and shows; no request to it changes anything.
import { Elysia } from "elysia";
import type { Layout } from "../config/layout.ts";
import type { Routing } from "../config/routing.ts";
import type { Sources } from "../config/sources.ts";
import type { DeliveryState } from "../delivery/state.ts";
import { readFilter } from "../observe/filter.ts";
import type { Live } from "../observe/live.ts";
import { METRICS_TYPE, type Metrics } from "../observe/metrics.ts";
import { queryOf } from "../pixel/query.ts";
import type { Explain } from "./explain.ts";
import { guardHost, guardOrigin, type Refusal, readHost } from "./hostguard.ts";
import { createOpenApi } from "./openapi/document.ts";
import { ASSETS } from "./page/assets.ts";
import { findObstacles, isAlive, type Processes, tellMissing } from "./readiness.ts";
import { createTokenGuard } from "./tokenguard.ts";
import { countTroubles, tellTroubles } from "./troubles.ts";

/** What the admin app shows, and where it gets it. */
export interface AdminOptions {
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedMs: number;
  /** Names beside IP addresses and `localhost` that it answers to, in lower case. */
  readonly allowedHosts: readonly string[];
  /** What everything but the probes asks for; null asks for nothing. */
  readonly token: string | null;
  readonly isDraining: () => boolean;
  readonly delivery: { state(): DeliveryState };
  readonly processes: () => Processes;
  /** Of this process, or of several added up. */
  readonly metrics: Pick<Metrics, "render" | "totals">;
  readonly live: Pick<Live, "watch">;
  readonly sources: () => Sources;
  /** The streams and destinations of this moment. */
  readonly layout: () => Layout;
  readonly explain: Explain;
  /** The public port; the live page sends its test events there. */
  readonly publicPort: () => number;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Told of an error that is a bug of ours. */
  readonly onFault: (error: unknown) => void;
}

const HEADERS = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
} as const;

const TEXT = "text/plain; charset=utf-8";

function reply(
  body: string | ReadableStream<Uint8Array> | null,
  type: string,
  status = 200,
  more: Record<string, string> = {},
): Response {
  const policy = { "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'" };
  return new Response(body, { status, headers: { ...HEADERS, ...policy, "Content-Type": type, ...more } });
}

function refuse({ reason, status, headers }: Refusal): Response {
  return reply(reason, TEXT, status, headers);
}

function replyJson(value: unknown, status = 200): Response {
  return reply(`${JSON.stringify(value, null, 2)}\n`, "application/json; charset=utf-8", status);
}

/** What the page may load: its own files, and the test pixel from the public port. */
function pagePolicy(publicUrl: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    `img-src 'self' ${publicUrl}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

/** Creates the admin app. Every route answers GET and HEAD alone. */
export function createAdmin(options: AdminOptions) {
  const { version, startedMs, allowedHosts, isDraining, delivery, processes, metrics, live } = options;
  const { sources, layout, explain, publicPort, clock, onFault } = options;
  const obstaclesNow = () => findObstacles(delivery.state(), processes(), isDraining());
  const publicUrl = (request: Request) => `http://${readHost(request) ?? "localhost"}:${publicPort()}`;
  const guardToken = createTokenGuard(options.token);
  const refusalOf = (request: Request) => guardHost(request, allowedHosts) ?? guardToken(request);
  const guard = ({ request }: { readonly request: Request }) => {
    const refusal = refusalOf(request);
    return refusal === null ? undefined : refuse(refusal);
  };

  const app = new Elysia({ precompile: true, normalize: false, handler: { standardHostname: false } })
    .onRequest(({ request }) => {
      const refusal = guardOrigin(request);
      return refusal === null ? undefined : refuse(refusal);
    })
    .onError(({ code, error, request }) => {
      if (code === "NOT_FOUND") return guard({ request }) ?? reply("not found", TEXT, 404);
      onFault(error);
      return reply("internal error", TEXT, 500);
    })
    .get("/livez", () =>
      isAlive(processes(), isDraining()) ? reply("OK", TEXT) : reply("no worker is running", TEXT, 503),
    )
    .get("/readyz", ({ request }) => {
      const obstacles = obstaclesNow();
      if (obstacles.length > 0) return reply(obstacles.join("\n"), TEXT, 503);
      // Names and reasons are for those who may see the rest.
      const tell = refusalOf(request) === null ? tellTroubles : countTroubles;
      return reply(["OK", ...tellMissing(processes()), ...tell(delivery.state())].join("\n"), TEXT);
    })
    // What follows is guarded. What stands above answers probes, which come by any name and have no token.
    .onBeforeHandle(guard)
    .get("/version", () => reply(version, TEXT))
    .get("/metrics", async () => reply(await metrics.render(), METRICS_TYPE))
    .get("/status.json", () => {
      const uptimeMs = clock() - startedMs;
      const totals = metrics.totals();
      const [obstacles, state] = [obstaclesNow(), delivery.state()];
      return replyJson({ version, uptimeMs, obstacles, processes: processes(), totals, delivery: state });
    })
    .get("/sources.json", ({ request }) => {
      const list = [...sources().values()].map(({ id, writeKey, enabled, routing }) => ({
        id,
        writeKey,
        enabled,
        destinations: {
          page: idsOf(routing.page),
          track: idsOf(routing.track),
        },
      }));
      const destinations = [...layout().destinations.values()].map(({ id, streams }) => ({ id, streams }));
      return replyJson({ publicUrl: publicUrl(request), sources: list, destinations });
    })
    .get("/openapi.json", ({ request }) => replyJson(createOpenApi(version, publicUrl(request))))
    .get("/explain", ({ request }) => {
      const question = readQuestion(queryOf(request.url));
      if (typeof question === "string") return replyJson({ error: question }, 400);
      return replyJson(explain(question.url, question.headers, question.peer));
    })
    .get("/live", ({ request }) => {
      const filter = readFilter(new URLSearchParams(queryOf(request.url)));
      if (typeof filter === "string") return reply(filter, TEXT, 400);
      const stream = live.watch(filter);
      if (stream === null)
        return reply("too many viewers: close another one", TEXT, 503, { "Retry-After": "5" });
      return reply(stream, "text/event-stream; charset=utf-8", 200, { "X-Accel-Buffering": "no" });
    })
    // Of its own: the GET handler would open a stream that nobody reads.
    .head("/live", () => reply(null, "text/event-stream; charset=utf-8"));

  for (const [path, { type, text }] of Object.entries(ASSETS)) {
    app.get(path, ({ request }) =>
      reply(text, type, 200, { "Content-Security-Policy": pagePolicy(publicUrl(request)) }),
    );
  }
  return app;
}

function idsOf({ destinations }: Routing): string[] {
  return destinations.flatMap(([route]) => route?.destinationId ?? []);
}

/**
 * Reads the query of `/explain`: `url`, any number of `header=Name: value`, and `peer`, the address it would come from.
 * The headers of the request that asks are no part of it. Returns what is wrong as a text.
 */
function readQuestion(query: string): { url: string; headers: Headers; peer: string | null } | string {
  const start = query.search(/(?:^|&)url=/);
  if (start < 0) return "Cannot explain: no url given, such as /explain?url=/pixel/v1/page?writeKey=demo";
  const raw = query.slice(query.indexOf("url=", start) + 4);
  // A bare `?` tells that the URL was pasted as it is: then all the rest is its own.
  const isPasted = raw.includes("?");
  const parameters = new URLSearchParams(isPasted ? query.slice(0, start) : query);
  const url = isPasted ? raw : (parameters.get("url") ?? "");
  const headers = new Headers();
  for (const line of parameters.getAll("header")) {
    const colon = line.indexOf(":");
    try {
      headers.append(line.slice(0, Math.max(0, colon)).trim(), line.slice(colon + 1).trim());
    } catch {
      return `Cannot explain: ${JSON.stringify(line)} is not a header such as User-Agent: curl`;
    }
  }
  return { url, headers, peer: parameters.get("peer") };
}
