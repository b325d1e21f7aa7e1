// A proxy that counts what goes through it, to know what an event is on a network. Knows no protocol.
import { connect, createServer, type Socket } from "node:net";

export interface CountingProxy {
  readonly port: number;
  /** Bytes so far, to the server and from it. */
  readonly to: number;
  readonly from: number;
  /** Ends it with all its connections. */
  stop(): void;
}

/** Starts one on a free port in front of a port of this machine. */
export async function startCountingProxy(target: number): Promise<CountingProxy> {
  const sockets = new Set<Socket>();
  let to = 0;
  let from = 0;
  const keep = (socket: Socket, other: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.pipe(other);
    socket.on("error", () => other.destroy());
    socket.on("close", () => {
      sockets.delete(socket);
      other.destroy();
    });
  };
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    client.on("data", ({ length }) => {
      to += length;
    });
    upstream.on("data", ({ length }) => {
      from += length;
    });
    keep(client, upstream);
    keep(upstream, client);
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(address !== null && typeof address === "object" ? address.port : 0);
    });
  });
  return {
    port,
    get to() {
      return to;
    },
    get from() {
      return from;
    },
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
