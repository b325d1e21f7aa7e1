// The servers that the gateway is measured beside: each does a little more of its work. Prints its port. Words: which one,
// in how many processes (of the bare one alone), and the port that they share.
import { Elysia } from "elysia";
import { Plans } from "../../src/pixel/plan/plans.ts";
import { bun } from "../../src/runtime/bun.ts";
import { createApp } from "../../src/server/app.ts";
import { decideDemo } from "./demo.ts";

interface Place {
  /** 0 for a free one; another one is shared. */
  readonly port: number;
  readonly processes: number;
}

let read: string | Uint8Array = "";

function serveBare({ port, processes }: Place): number {
  const server = Bun.serve({
    port,
    reusePort: processes > 1 || port !== 0,
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
  const app = createApp({
    decide: decideDemo(new Plans()),
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

/** The others on a port, which end with this one. */
async function startOthers(name: string, port: number, count: number): Promise<void> {
  const words = [process.execPath, import.meta.path, name, "1", String(port)];
  const starts = Array.from({ length: count }, async () => {
    const child = Bun.spawn(words, { stdin: "ignore", stdout: "pipe", ipc() {} });
    // It prints the port once it listens.
    await child.stdout.getReader().read();
  });
  await Promise.all(starts);
}

const servers: Record<string, (place: Place) => number> = {
  bare: serveBare,
  elysia: serveElysia,
  parse: serveParse,
};
const [, , name = "", processes = "1", shared = "0"] = process.argv;
const port = servers[name]?.({ port: Number(shared), processes: Number(processes) });
if (port === undefined) throw new Error(`Cannot serve ${name}: not one of ${Object.keys(servers)}`);
await startOthers(name, port, Number(processes) - 1);
console.log(port);
process.on("disconnect", () => process.exit());
process.on("exit", () => read.length);
// An end in order, at which a profile is written.
process.on("SIGTERM", () => process.exit());
