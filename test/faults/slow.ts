// A TCP proxy that holds back what the server says, as a long way or a struggling server would.
import { connect, createServer, type Socket } from "node:net";

export interface SlowProxy {
  readonly port: number;
  /** How long the server's bytes are held from now on. */
  delayMs: number;
  stop(): Promise<void>;
}

export async function startSlowProxy(targetPort: number): Promise<SlowProxy> {
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.setNoDelay(true);
  };
  const server = createServer((client) => {
    const upstream = connect(targetPort, "127.0.0.1");
    track(client);
    track(upstream);
    client.on("data", (bytes) => upstream.write(bytes));
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
    // In order even when the delay changes on the way.
    let last = 0;
    upstream.on("data", (bytes) => {
      const due = Math.max(last, performance.now() + proxy.delayMs);
      last = due;
      setTimeout(() => client.write(bytes), Math.max(0, due - performance.now()));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const proxy: SlowProxy = {
    port: typeof address === "object" && address !== null ? address.port : 0,
    delayMs: 0,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
