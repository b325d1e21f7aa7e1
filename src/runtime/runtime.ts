// What the gateway asks of a runtime.
import type { AnyElysia } from "elysia";

/** Where and how to listen. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Several processes share the port. */
  readonly reusePort: boolean;
  /** Longest request line and headers together, where the runtime lets it be set. */
  readonly maxHeaderBytes?: number;
}

/** A port that is open. */
export interface Listener {
  /** The port, also where 0 was asked for. */
  readonly port: number;
  /** From now on every answer ends its connection, so that clients go elsewhere before the port is closed. */
  leave(): void;
  /** Stops accepting and resolves when what is in flight is answered, or ends it at once. */
  stop(isAtOnce: boolean): Promise<void>;
  /** Null where the runtime does not let it be done. */
  readonly relief: Relief | null;
}

/** What a port can do when the process has too few file descriptors. */
export interface Relief {
  /** Closes connections that wait for their next request; returns how many. */
  closeIdle(): number;
  /** Closes the port and its idle connections; what is in flight is answered. */
  pause(): void;
  /** Opens the port again. Throws when that cannot be done. */
  resume(): void;
}

/** What serves an app over HTTP. */
export interface Runtime {
  readonly name: string;
  /** Whether several processes can listen on one port. */
  readonly canShare: boolean;
  /** The address of the socket of a request to the first listener. Read it before the first await. */
  readonly peer: (request: Request) => string | null;
  /** Listens with an app. Throws when the port is taken or the address is not of this machine. */
  listen(app: AnyElysia, options: ListenOptions): Listener;
}

/** Marks an answer as the last one of its connection. */
export async function sendOff(answer: Response | Promise<Response>): Promise<Response> {
  const response = await answer;
  response.headers.set("Connection", "close");
  return response;
}
