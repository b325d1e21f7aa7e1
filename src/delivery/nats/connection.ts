// Keeps one NATS connection alive: dials, notices a dead one, dials the next server. Knows no stream and no event.
// The client's own reconnect stays off: it wipes what it holds at each dial, and hangs on a frozen server.
import { setTimeout as sleep } from "node:timers/promises";
import { errors, type NatsConnection } from "nats";
import { learnServer, readServers, type Server } from "../../config/natsserver.ts";
import type { Clock } from "../../runtime/clock.ts";
import { createRarely, type DeliveryLog, reasonOf } from "../log.ts";
import { NatsError } from "./fault.ts";
import { watchLimits } from "./limits.ts";
import { isAboutLogin } from "./refusal.ts";
import { type Dialled, dialServer, type NatsOptions } from "./servers.ts";

/** What a connection tells its owner. */
export interface ConnectionEvents {
  onConnected(connection: NatsConnection): void;
  /** Nothing sent before may be counted on any more. */
  onLost(reason: string): void;
  /** The server said it does not let us publish to this subject. */
  onDenied(subject: string): void;
  /** The server takes messages of other sizes than when it was connected; in bytes of headers and payload. */
  onLimits(maxPayload: number): void;
}

/** A connection that is kept alive. */
export interface Connection {
  /** Gives the present connection up and dials the next server. */
  drop(reason: string): void;
  close(): Promise<void>;
}

const MIN_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1000;
/** What lived shorter than this counts as a failed dial: a server that accepts and drops us at once waits its turn, too. */
const SETTLED_MS = 1000;
const CLOSE_TIMEOUT_MS = 500;

const CLOSED = "connection closed";

/** Dials at once and for ever, until closed. */
export function createConnection(
  nats: NatsOptions,
  log: DeliveryLog,
  time: Clock,
  events: ConnectionEvents,
): Connection {
  const configured = readServers(nats.servers);
  if (configured.length === 0) throw new NatsError("Cannot connect to NATS: there is no server in the list");
  let servers = configured;
  const rarely = createRarely(60_000, time);
  let isClosed = false;
  let lose: ((reason: string) => void) | null = null;
  let wake: (() => void) | null = null;
  let next = 0;
  const running = run();

  async function run(): Promise<void> {
    let failures = 0;
    while (!isClosed) {
      const server = servers[next++ % servers.length];
      if (server === undefined) continue;
      const startedMs = time.now();
      try {
        const dialled = await dialServer(server, nats, time);
        const { connection } = dialled;
        log.info("NATS connected", { server: server.address, version: connection.info?.version });
        learnServers(connection, server);
        const reason = await live(dialled, server).finally(() =>
          Promise.race([connection.close().catch(() => {}), pause(CLOSE_TIMEOUT_MS)]),
        );
        if (!isClosed) log.warn("NATS connection lost", { server: server.address, reason });
        failures = time.now() - startedMs > SETTLED_MS ? 0 : failures + 1;
      } catch (error) {
        failures++;
        const reason = error instanceof NatsError ? error.message : reasonOf(error);
        rarely(`${server.address} ${reason}`, () =>
          log.warn("Cannot connect to NATS", { server: server.address, reason }),
        );
      }
      if (failures === 0 || isClosed) continue;
      const longest = Math.min(MAX_PAUSE_MS, MIN_PAUSE_MS * 2 ** Math.min(failures - 1, 10));
      await pause(longest * (0.5 + Math.random() / 2));
    }
  }

  /** Resolves with the reason when the connection is over. */
  function live(dialled: Dialled, server: Server): Promise<string> {
    const { connection } = dialled;
    return new Promise((resolve) => {
      let isLost = false;
      lose = (reason) => {
        if (isLost) return;
        isLost = true;
        lose = null;
        stopWatching();
        events.onLost(reason);
        resolve(reason);
      };
      const lost = lose;
      const stopWatching = watchLimits(dialled, server, nats, time, (maxPayload) => {
        log.info("the server's largest message has changed", { server: server.address, maxPayload });
        events.onLimits(maxPayload);
      });
      void connection.closed().then((error) => lost(dialled.explain(error ?? CLOSED)));
      void watch(dialled, lost);
      if (isClosed) lost("closing");
      else events.onConnected(connection);
    });
  }

  async function watch({ connection, explain }: Dialled, lost: (reason: string) => void): Promise<void> {
    let last = CLOSED;
    for await (const status of connection.status()) {
      // The client calls a connection stale that it ends itself for this.
      if (status.type === "error" && isAboutLogin(status.error)) lost(explain(status.error));
      if (status.type === "staleConnection") lost("server does not answer pings");
      if (status.type === "disconnect") lost(explain(last));
      if (status.type !== "error") continue;
      // What is no matter of rights is the last that a server says.
      if (status.error instanceof errors.ProtocolError) last = status.error.message;
      const denied = /Permissions Violation for Publish to "([^"]+)"/i.exec(status.error.message)?.[1];
      if (denied !== undefined) events.onDenied(denied);
      else
        rarely(status.error.message, () =>
          log.error("NATS reports an error", { reason: status.error.message }),
        );
    }
  }

  /** Adds the cluster's other servers to those configured, for the day when none of these is there. */
  function learnServers(connection: NatsConnection, current: Server): void {
    const learned = (connection.info?.connect_urls ?? [])
      .filter((address) => !configured.some((server) => server.address === address))
      .map((address) => learnServer(address, current));
    servers = [...configured, ...learned];
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const callOff = time.after(ms, resolve);
      wake = () => {
        callOff();
        resolve();
      };
    });
  }

  return {
    drop: (reason) => lose?.(reason),
    close: async () => {
      isClosed = true;
      lose?.("closing");
      wake?.();
      // By the machine's clock: the process ends, whoever turns ours.
      await Promise.race([running, sleep(CLOSE_TIMEOUT_MS)]);
    },
  };
}
