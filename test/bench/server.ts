// The servers that the gateway is measured beside: each does a little more of its work. Prints its port.
import { Elysia } from "elysia";
import { DEMO } from "../../src/config/configuration.ts";
import { Plans } from "../../src/pixel/plan/plans.ts";
import { bun } from "../../src/runtime/bun.ts";
import { createApp } from "../../src/server/app.ts";
import { createDecide } from "../../src/server/decide.ts";
import { resolved } from "../support/configuration.ts";

let read: string | Uint8Array = "";

function serveBare(): number {
  const server = Bun.serve({
    port: 0,
    fetch(request) {
      read = request.url;
      return new Response("OK");
    },
  });
  return server.port ?? 0;
}

function serveElysia(): number {
  const app = new Elysia({
    precompile: true,
    normalize: false,
    handler: { standardHostname: false },
  }).onError(() => new Response("error", { status: 500 }));
  for (const path of ["page", "track", "page.gif", "track.gif"]) {
    app.get(`/pixel/v1/${path}`, ({ request }) => {
      read = request.url;
      return new Response("OK");
    });
  }
  return bun.listen(app, { host: "127.0.0.1", port: 0, reusePort: false }).port;
}

/** The gateway without delivery: every event is called safe at once. */
function serveParse(): number {
  const { sources } = resolved(DEMO);
  const app = createApp({
    decide: createDecide({
      maxUrlBytes: 16384,
      trustedProxies: null,
      sources: () => sources,
      newId: () => crypto.randomUUID(),
      rateLimiter: null,
      plans: new Plans(),
    }),
    delivery: {
      deliver(outgoing, settle) {
        read = outgoing.payload;
        settle("published");
      },
      publishRejected() {},
    },
    observer: { isWatched: false, count() {}, show() {} },
    clock: Date.now,
    peer: bun.peer,
    onFault: console.error,
  });
  return bun.listen(app, { host: "127.0.0.1", port: 0, reusePort: false }).port;
}

const servers: Record<string, () => number> = { bare: serveBare, elysia: serveElysia, parse: serveParse };
const port = servers[process.argv[2] ?? ""]?.();
if (port === undefined)
  throw new Error(`Cannot serve ${process.argv[2]}: not one of ${Object.keys(servers)}`);
console.log(port);
process.on("exit", () => read.length);
// An end in order, at which a profile is written.
process.on("SIGTERM", () => process.exit());
