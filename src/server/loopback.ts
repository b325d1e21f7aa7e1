// A connection of the process to itself. Its bytes queue behind the requests that the kernel holds ready, which no
// clock inside the event loop sees.
import { connect, createServer, type Socket } from "node:net";

/** The connection, while it is there. */
export interface Loopback {
  /** Sends a byte; false while the connection is still being made. */
  send(): boolean;
  /** Ends it, without a word to `onLost`. */
  close(): void;
}

/** Opens a connection; `onByte` is called when a byte is read that was sent, `onLost` once there is none any more. */
export type OpenLoopback = (onByte: () => void, onLost: () => void) => Loopback;

/** Opens a connection over 127.0.0.1 that never keeps the process alive. */
export const openLoopback: OpenLoopback = (onByte, onLost) => {
  let client: Socket | null = null;
  let server: Socket | null = null;
  let isClosed = false;

  const listener = createServer((socket) => {
    server = socket;
    listener.close();
    socket.unref();
    socket.on("data", onByte);
    watch(socket);
  });
  listener.on("error", lose);
  listener.listen(0, "127.0.0.1", () => {
    const address = listener.address();
    if (address === null || typeof address === "string") return;
    client = connect(address.port, "127.0.0.1");
    client.unref();
    client.setNoDelay(true);
    watch(client);
  });
  listener.unref();

  function watch(socket: Socket): void {
    socket.on("error", lose);
    socket.on("close", lose);
  }

  function lose(): void {
    if (isClosed) return;
    close();
    onLost();
  }

  function close(): void {
    isClosed = true;
    listener.close();
    client?.destroy();
    server?.destroy();
  }

  return {
    send() {
      if (client === null || server === null) return false;
      client.write("?");
      return true;
    },
    close,
  };
};
