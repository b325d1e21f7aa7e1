// From an event to somewhere safe. Owns the choice between NATS and the spool.
import { setTimeout as sleep } from "node:timers/promises";
import type { StreamConfig } from "../config/environment.ts";
import type { Layout } from "../config/layout.ts";
import type { Route } from "../config/subject.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import { adoptAbandoned } from "./abandoned.ts";
import { createRarely, type DeliveryLog, reasonOf } from "./log.ts";
import { PendingAcks } from "./nats/pending.ts";
import { createPublisher } from "./nats/publisher.ts";
import type { NatsOptions } from "./nats/servers.ts";
import type { Delivered, Outgoing } from "./outgoing.ts";
import { createRelay } from "./relay.ts";
import { spoolNameOf } from "./spool/name.ts";
import { openSpool } from "./spool/spool.ts";
import type { DeliveryState } from "./state.ts";

/** An event on the wire: what its client is told once it is settled, and the copies that could not be sent. */
interface Waiting {
  readonly outgoing: Outgoing;
  readonly held: readonly Route[];
  readonly settle: Settle;
}

const NONE: readonly Route[] = [];

/** Is told the fate of an event, once. */
export type Settle = (delivered: Delivered) => void;

/** Takes events to where they are safe. */
export interface Delivery {
  /** Takes an event and calls `settle` once, when its fate is known. Never throws. */
  deliver(outgoing: Outgoing, settle: Settle): void;
  /** Publishes a refused request for the operator to see; best effort and bounded, never spooled. */
  publishRejected(sourceId: string, payload: string): void;
  /** Takes another layout: the configuration file has changed. */
  use(layout: Layout): void;
  state(): DeliveryState;
  /** Waits for what is in flight, spools what has no ack, closes. Resolves within `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

/** One of several processes on a data directory and a port. */
export interface WorkerSlot {
  /** From 0; it names the process's spool. */
  readonly index: number;
  readonly count: number;
}

/** Where events go, and who hears of it. */
export interface DeliveryOptions {
  /** Null or absent: events stay in the spool. */
  readonly nats?: NatsOptions | null;
  readonly stream: StreamConfig;
  /** The streams and destinations to begin with. */
  readonly layout: Layout;
  /** Folder of the spool, created when missing. */
  readonly dataDir: string;
  /** Which process this is: each has a spool of its own. Default: the only one. */
  readonly slot?: WorkerSlot | null;
  /** Bound of the spool's file; past it events fail. */
  readonly spoolMaxBytes: number;
  readonly log: DeliveryLog;
  /** Epoch milliseconds; `Date.now` by default. */
  readonly clock?: () => number;
  /** For deadlines and pauses; the machine's clock by default. */
  readonly time?: Clock;
  readonly onStateChange?: (nats: DeliveryState["nats"]) => void;
  /** Told the time from each publish to its ack in milliseconds; nothing is measured without it. */
  readonly onAck?: (latencyMs: number) => void;
  /** Told the number of events that left the spool for the stream. */
  readonly onRelayed?: (events: number) => void;
}

/** How long a client waits for a stream before its event is spooled. */
const ACK_DEADLINE_MS = 2000;
/** Of the time to close, what is kept for spooling and saying goodbye. */
const MAX_RESERVE_MS = 1000;

/**
 * Opens the spool and begins to connect to NATS, without waiting for it. Throws a `SpoolError` when the spool
 * cannot be opened.
 */
export function createDelivery(options: DeliveryOptions): Delivery {
  const { log } = options;
  const { dataDir, spoolMaxBytes: maxBytes, onRelayed } = options;
  const clock = options.clock ?? Date.now;
  const time = options.time ?? systemClock;
  const { index, count } = options.slot ?? { index: 0, count: 1 };
  const spool = openSpool({ dataDir, name: spoolNameOf(index), maxBytes, log, clock, time });
  const rarely = createRarely(10_000);
  let layout = options.layout;
  let isClosed = false;
  let closing: Promise<void> | null = null;

  const publisher = options.nats
    ? createPublisher({
        nats: options.nats,
        layout,
        log,
        time,
        onState: (state) => options.onStateChange?.(state),
        onNews: () => {
          relay?.restart();
          abandoned?.restart();
        },
        hasBacklog: () => spool.rows > 0,
        onAck: options.onAck,
      })
    : null;
  const relay = publisher
    ? createRelay({ spool, publisher, layout: () => layout, log, time, onRelayed })
    : null;
  // One process is enough to look after those that no process has.
  const abandoned =
    publisher && index === 0
      ? adoptAbandoned({
          dataDir,
          workers: count,
          maxBytes,
          publisher,
          layout: () => layout,
          log,
          clock,
          time,
          onRelayed,
        })
      : null;

  function answer(settle: Settle, delivered: Delivered): void {
    try {
      settle(delivered);
    } catch (error) {
      // A fault in one answer must not end the loop over all acks.
      log.error("an answer failed by a fault of the gateway", { reason: reasonOf(error) });
    }
  }

  function keep(outgoing: Outgoing, routes: readonly Route[], mayBeStored: boolean, settle: Settle): void {
    const copies = routes.map((route) => ({ route, mayBeStored, quarantine: null }));
    spool.append(outgoing, copies, (isSafe) => {
      answer(settle, isSafe ? "spooled" : "failed");
      relay?.wake();
    });
  }

  function onSettled(acks: PendingAcks<Waiting>): void {
    const { context, unacked, rejected, reason } = acks;
    const { outgoing, held, settle } = context;
    if (rejected.length > 0) {
      rarely(reason, () => log.error("the stream refuses an event", { event: outgoing.id, reason }));
      answer(settle, "failed");
    } else if (unacked.length + held.length > 0) {
      keep(outgoing, [...unacked, ...held], unacked.length > 0, settle);
    } else answer(settle, "published");
  }

  async function close(timeoutMs: number): Promise<void> {
    // By the machine's clock: the process ends, whoever turns ours.
    const end = performance.now() + timeoutMs;
    const waitUntil = end - Math.min(MAX_RESERVE_MS, timeoutMs / 2);
    relay?.stop();
    abandoned?.stop();
    while (publisher && publisher.inFlight > 0 && performance.now() < waitUntil) await sleep(5);
    const closed = publisher?.close();
    isClosed = true;
    spool.close();
    abandoned?.close();
    await Promise.race([closed, sleep(Math.max(0, end - performance.now()))]);
  }

  return {
    deliver: (outgoing, settle) => {
      if (isClosed) return answer(settle, "failed");
      const { routes, payloadBytes } = outgoing;
      // No destination takes the type: nothing is to be kept, in the spool least of all.
      if (routes.length === 0) return answer(settle, "published");
      if (publisher === null || !publisher.hasRoom(routes.length, routes.length * payloadBytes)) {
        return keep(outgoing, routes, false, settle);
      }
      const isFree = (route: Route) => publisher.takes(route);
      const areAllFree = routes.every(isFree);
      const free = areAllFree ? routes : routes.filter(isFree);
      if (free.length === 0) return keep(outgoing, routes, false, settle);
      const held = areAllFree ? NONE : routes.filter((route) => !free.includes(route));
      const sent = areAllFree ? outgoing : { ...outgoing, routes: free };
      const acks = new PendingAcks<Waiting>(sent, { outgoing, held, settle }, onSettled);
      for (let route = 0; route < free.length; route++) publisher.publish(acks, route, ACK_DEADLINE_MS);
    },
    publishRejected: (sourceId, payload) => publisher?.publishRejected(sourceId, payload),
    use: (next) => {
      layout = next;
      publisher?.use(next);
    },
    state: () => {
      const spools = [spool, ...(abandoned?.spools ?? [])];
      const oldestAt = Math.min(...spools.map((spool) => spool.oldestAt ?? Number.POSITIVE_INFINITY));
      return {
        nats: publisher?.state ?? "off",
        inFlight: publisher?.inFlight ?? 0,
        inFlightBytes: publisher?.inFlightBytes ?? 0,
        spooled: spools.reduce((total, { rows }) => total + rows, 0),
        spooledBytes: spools.reduce((total, { bytes }) => total + bytes, 0),
        oldestSpooledMs: Number.isFinite(oldestAt) ? Math.max(0, clock() - oldestAt) : null,
        spool: spool.state,
        damagedRows: spools.reduce((total, { damagedRows }) => total + damagedRows, 0),
        salvageLeft: spools.reduce((total, { salvageLeft }) => total + (salvageLeft ?? 0), 0),
        destinations: [],
        findings: [],
        quarantined: 0,
        quarantineFull: false,
      };
    },
    close: (timeoutMs) => {
      closing ??= close(timeoutMs);
      return closing;
    },
  };
}
