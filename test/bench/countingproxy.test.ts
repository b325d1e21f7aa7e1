import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { startCountingProxy } from "./countingproxy.ts";

test("startCountingProxy hands everything on, and counts it in both directions", async () => {
  const server = createServer((socket) => socket.on("data", () => socket.end("pong!!")));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const proxy = await startCountingProxy(address !== null && typeof address === "object" ? address.port : 0);
  try {
    const { promise, resolve } = Promise.withResolvers<string>();
    let received = "";
    await Bun.connect({
      hostname: "127.0.0.1",
      port: proxy.port,
      socket: {
        open: (socket) => void socket.write("ping"),
        data: (_socket, chunk) => {
          received += chunk.toString();
        },
        close: () => resolve(received),
      },
    });
    expect(await promise).toBe("pong!!");
    expect([proxy.to, proxy.from]).toEqual([4, 6]);
  } finally {
    proxy.stop();
    server.close();
  }
});
