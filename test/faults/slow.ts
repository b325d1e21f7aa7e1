// A TCP proxy that holds back what the server says, as a long way or a struggling server would; or the acks of one
// stream alone, as a stream would that is slow by itself.
import { connect, createServer, type Socket } from "node:net";

export interface SlowProxy {
  readonly port: number;
  /** How long the server's bytes are held from now on. */
  delayMs: number;
  stop(): Promise<void>;
}

/** Starts a proxy before a server; with the name of a stream only its acks are ever held. */
export async function startSlowProxy(targetPort: number, stream: string | null = null): Promise<SlowProxy> {
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
    const hold = (bytes: Buffer) => {
      const due = Math.max(last, performance.now() + proxy.delayMs);
      last = due;
      setTimeout(() => client.write(bytes), Math.max(0, due - performance.now()));
    };
    if (stream === null) upstream.on("data", hold);
    else {
      const ack = `\r\n{"stream":${JSON.stringify(stream)}`;
      const passOn = partIn((frame) => (frame.includes(ack) ? hold(frame) : client.write(frame)));
      upstream.on("data", passOn);
    }
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

/** Parts what a nats-server sends, in chunks cut anywhere, into its lines; a message is one with its payload. */
function partIn(onFrame: (frame: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (;;) {
      const lineEnd = rest.indexOf("\r\n", at);
      if (lineEnd < 0) break;
      const line = rest.toString("latin1", at, lineEnd);
      const payload = /^H?MSG .* (\d+)$/.exec(line)?.[1];
      const end = lineEnd + 2 + (payload === undefined ? 0 : Number(payload) + 2);
      if (end > rest.length) break;
      onFrame(rest.subarray(at, end));
      at = end;
    }
    rest = rest.subarray(at);
  };
}
