// What a NATS server says first, asked on a connection of its own that logs nobody in: which one it is, how much it takes,
// what it asks for. The client tells less of it, and forgets a socket whose server never greets: a frozen server would
// cost an open file for each dial.
import { connect as connectSocket, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ServerInfo } from "nats";
import type { Server } from "../../config/natsserver.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Tls } from "./tls.ts";

/** A server's greeting, as far as it matters. */
export interface Greeting {
  readonly serverId: string;
  /** Bytes of headers and payload together. */
  readonly maxPayload: number;
  readonly tls: "none" | "offered" | "required";
  readonly asksForCertificate: boolean;
}

/** What becomes of asking for a greeting. */
export type Greeted =
  | { readonly is: "greeting"; readonly greeting: Greeting }
  /** The server says why it does not greet, such as `maximum connections exceeded`. */
  | { readonly is: "refused"; readonly says: string }
  /** What answers is no NATS server. */
  | { readonly is: "strange" }
  /** The connection was ended without a word. */
  | { readonly is: "closed" }
  /** Not a word in time. */
  | { readonly is: "silent" }
  /** There is no connection, or no TLS on it. */
  | { readonly is: "failed"; readonly error: Error & { readonly code?: string } };

/** Longest wait for a server: for its greeting, and for what follows. */
export const DIAL_TIMEOUT_MS = 5000;
/** A greeting of hundreds of servers in a cluster has tens of kilobytes. */
const MAX_GREETING_BYTES = 1024 * 1024;

/** Asks a server for its greeting. Never rejects. */
export function greet(server: Server, tls: Tls | null, time: Clock): Promise<Greeted> {
  return new Promise((resolve) => {
    const socket = open(server, tls);
    let text = "";
    const finish = (greeted: Greeted) => {
      callOff();
      socket.removeAllListeners();
      socket.on("error", () => {});
      takeLeave(socket, greeted, server, tls, time);
      resolve(greeted);
    };
    const callOff = time.after(DIAL_TIMEOUT_MS, () => finish({ is: "silent" }));
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (text.includes("\r\n") || text.length > MAX_GREETING_BYTES) finish(readGreeting(text));
    });
    socket.on("error", (error: Error & { code?: string }) =>
      finish(error.code === "ECONNRESET" ? { is: "closed" } : { is: "failed", error }),
    );
    socket.on("close", () => finish({ is: "closed" }));
  });
}

function open(server: Server, tls: Tls | null): Socket {
  const { host, port } = server;
  return tls?.handshakeFirst
    ? connectTls({ host, port, ...forName(server), ...tls })
    : connectSocket(port, host);
}

/** The name that the server's certificate has to be for; an address is no such name. */
function forName({ host }: Server): { servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}

function readGreeting(text: string): Greeted {
  // Right after its greeting, or in its place: it has too many connections.
  const refusal = /^-ERR '([ -~]{1,200})'\r$/m.exec(text)?.[1];
  if (refusal !== undefined) return { is: "refused", says: refusal };
  try {
    const info = JSON.parse(/^INFO\s+(\{.*\})\s*\r\n/.exec(text)?.[1] ?? "") as Partial<ServerInfo>;
    const offered = info.tls_available ? "offered" : "none";
    return {
      is: "greeting",
      greeting: {
        serverId: String(info.server_id),
        maxPayload: Number(info.max_payload),
        tls: info.tls_required ? "required" : offered,
        asksForCertificate: info.tls_verify === true,
      },
    };
  } catch {
    return { is: "strange" };
  }
}

/** A server that waits for TLS would log a fault if we just went. What becomes of it is no news: the dial tells. */
function takeLeave(socket: Socket, greeted: Greeted, server: Server, tls: Tls | null, time: Clock): void {
  const waits = greeted.is === "greeting" && greeted.greeting.tls === "required" && !tls?.handshakeFirst;
  if (!waits) {
    socket.destroy();
    return;
  }
  const secured = connectTls({ socket, ...forName(server), ...tls }, () => secured.end());
  const finish = () => {
    callOff();
    socket.destroy();
  };
  const callOff = time.after(DIAL_TIMEOUT_MS, finish);
  secured.on("error", finish);
  secured.on("close", finish);
}
