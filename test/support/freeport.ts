// Ports for servers that must know theirs before they start.
import { createServer } from "node:net";

/** Below where Linux takes the ports of outgoing connections from: no client can have one of these by chance. */
const [FIRST_PORT, PORTS] = [20_000, 12_000];
let nextPort = Math.floor(Math.random() * PORTS);

/** A port nobody listens on, never given twice by this process. Rejects when all are taken. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < PORTS; tries++) {
    const port = FIRST_PORT + (nextPort++ % PORTS);
    if (await isFree(port)) return port;
  }
  throw new Error(`Cannot find a free port from ${FIRST_PORT} to ${FIRST_PORT + PORTS - 1}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
