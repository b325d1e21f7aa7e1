// Deno: listens, tells the peer of a request, stops. Nothing else in the source names Deno.
import { type Listener, type ListenOptions, type Runtime, sendOff } from "./runtime.ts";

interface DenoServer {
  readonly addr: { readonly port: number };
  readonly finished: Promise<void>;
  shutdown(): Promise<void>;
}

interface DenoNamespace {
  readonly version: { readonly deno: string };
  serve(
    options: {
      hostname: string;
      port: number;
      reusePort: boolean;
      signal: AbortSignal;
      onListen: () => void;
    },
    handler: (
      request: Request,
      info: { readonly remoteAddr: { readonly hostname?: string } },
    ) => Response | Promise<Response>,
  ): DenoServer;
}

// Read late: on Bun there is no such global.
const namespace = () => (globalThis as unknown as { Deno: DenoNamespace }).Deno;

const peers = new WeakMap<Request, string>();

/** The runtime of those who run Deno. */
export const deno: Runtime = {
  get name() {
    return `Deno ${namespace().version.deno}`;
  },

  // `reusePort` needs `--unstable-net`, and a worker does not inherit Deno's flags.
  canShare: false,

  peer: (request) => peers.get(request) ?? null,

  listen(app, { host, port, reusePort }: ListenOptions): Listener {
    const abort = new AbortController();
    let isLeaving = false;
    const server = namespace().serve(
      { hostname: host, port, reusePort, signal: abort.signal, onListen: () => {} },
      (request, info) => {
        if (info.remoteAddr.hostname !== undefined) peers.set(request, info.remoteAddr.hostname);
        return isLeaving ? sendOff(app.fetch(request)) : app.fetch(request);
      },
    );
    return {
      port: server.addr.port,
      relief: null,
      leave() {
        isLeaving = true;
      },
      stop: async (isAtOnce) => {
        if (isAtOnce) abort.abort();
        else await server.shutdown();
      },
    };
  },
};
