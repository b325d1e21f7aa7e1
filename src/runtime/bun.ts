// Bun: listens, tells the peer of a request, stops. Nothing else in the source names Bun.
import http from "node:http";
import { type Listener, type ListenOptions, type Runtime, sendOff } from "./runtime.ts";

/** Bodies are of no use here; a larger one is refused before it is read. */
const MAX_BODY_BYTES = 64 * 1024;

let server: Bun.Server<undefined> | null = null;
const rewritten = new WeakMap<Request, Request>();

/** The runtime of production. */
export const bun: Runtime = {
  name: `Bun ${process.versions.bun}`,
  canShare: true,

  peer: (request) => server?.requestIP(rewritten.get(request) ?? request)?.address ?? null,

  listen(app, { host, port, reusePort, maxHeaderBytes }: ListenOptions): Listener {
    // Bun reads this when it listens; its types call it read-only.
    if (maxHeaderBytes !== undefined) (http as { maxHeaderSize: number }).maxHeaderSize = maxHeaderBytes;
    const handle = app.compile().fetch;
    const answer = (request: Request) => {
      if (request.url.charCodeAt(0) !== SLASH) return handle(request);
      // Without a Host header (HTTP/1.0 probes) the URL is a bare path, and Elysia finds no route in it.
      const absolute = new Request(`http://localhost${request.url}`, request);
      rewritten.set(absolute, request);
      return handle(absolute);
    };
    const serve = (request: Request) =>
      request.headers.has("transfer-encoding") ? answerWhole(request, answer) : answer(request);
    let isLeaving = false;
    const open = (wanted: number) =>
      Bun.serve({
        hostname: host,
        port: wanted,
        reusePort,
        development: false,
        idleTimeout: 75,
        maxRequestBodySize: MAX_BODY_BYTES,
        fetch: (request) => (isLeaving ? sendOff(serve(request)) : serve(request)),
      });
    let listening = open(port);
    const taken = listening.port ?? port;
    // Bun tells the peer of another server's request as well, also of one that has been stopped.
    server ??= listening;
    return {
      port: taken,
      relief: {
        closeIdle: () => listening.closeIdleConnections(),
        pause: () => void listening.stop(false),
        resume() {
          listening = open(taken);
        },
      },
      leave() {
        isLeaving = true;
      },
      stop: async (isAtOnce) => {
        await listening.stop(isAtOnce);
      },
    };
  },
};

/**
 * Bun hands a request over before it reads its chunks, and answers broken ones with 400 by itself: those that came with
 * the head are read in this turn of the loop, so that in the next one it is known whether there is anybody to answer.
 */
async function answerWhole(
  request: Request,
  answer: (request: Request) => Response | Promise<Response>,
): Promise<Response> {
  await new Promise((resolve) => setImmediate(resolve));
  return request.signal.aborted ? new Response(null, { status: 400 }) : answer(request);
}

const SLASH = "/".charCodeAt(0);
