// Bun: listens, tells the peer of a request, stops. Nothing else in the source names Bun.
import http from "node:http";
import type { Elysia } from "elysia";
import type { Listener, ListenOptions, Runtime } from "./runtime.ts";

/** The runtime of production. */
export const bun: Runtime<Bun.Server<unknown>> = {
  name: `Bun ${process.versions.bun}`,

  peer: (request, server) => server?.requestIP(request)?.address ?? null,

  listen(app, { host, port, isShared, maxHeaderBytes }: ListenOptions): Listener {
    // Bun reads this when it listens; its types call it read-only.
    if (maxHeaderBytes !== undefined) (http as { maxHeaderSize: number }).maxHeaderSize = maxHeaderBytes;
    app.listen({ hostname: host, port, reusePort: isShared, development: false, idleTimeout: 75 });
    const { server } = app as Elysia;
    if (server === null) throw new Error("Cannot listen: the runtime gave no server");
    return {
      port: server.port ?? port,
      stop: async (isAtOnce) => {
        await server.stop(isAtOnce);
      },
    };
  },
};
