// From an event to somewhere safe: opens the spool, dials NATS, and joins the choice, the relay and what they tell.
import { setTimeout as sleep } from "node:timers/promises";
import type { Layout } from "../config/layout.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import { adoptAbandoned } from "./abandoned.ts";
import { createDeliver, type Settle } from "./deliver.ts";
import { countQuarantined, listDestinations } from "./destinations.ts";
import type { DeliveryLog } from "./log.ts";
import { largestEventBytes } from "./nats/inspect.ts";
import { createPublisher } from "./nats/publisher.ts";
import type { NatsOptions } from "./nats/servers.ts";
import type { Outgoing } from "./outgoing.ts";
import { createRelay } from "./relay.ts";
import { spoolNameOf } from "./spool/name.ts";
import { openSpool, type Spool } from "./spool/spool.ts";
import type { DeliveryState } from "./state.ts";

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
  /** The streams and destinations to begin with. */
  readonly layout: Layout;
  /** Folder of the spool, created when missing. */
  readonly dataDir: string;
  /** Which process this is: each has a spool of its own. Default: the only one. */
  readonly slot?: WorkerSlot | null;
  /** Bound of the spool's file; past it events fail. */
  readonly spoolMaxBytes: number;
  /** How much of it the backlog of one destination may take, where there are others: over 0, up to 1; half by default. */
  readonly spoolDestinationShare?: number;
  readonly log: DeliveryLog;
  /** Epoch milliseconds; `Date.now` by default. */
  readonly clock?: () => number;
  /** For deadlines and pauses; the machine's clock by default. */
  readonly time?: Clock;
  /** Bounds an event, for a warning where a stream takes less; not known by default. */
  readonly maxUrlBytes?: number;
  readonly onStateChange?: (nats: DeliveryState["nats"]) => void;
  /** Told the time from each publish to its ack in milliseconds; nothing is measured without it. */
  readonly onAck?: (latencyMs: number) => void;
  /** Told the number of events that left the spool for their streams. */
  readonly onRelayed?: (events: number) => void;
}

/** Of the time to close, what is kept for spooling and saying goodbye. */
const MAX_RESERVE_MS = 1000;

/**
 * Opens the spool and begins to connect to NATS, without waiting for it. Throws a `SpoolError` when the spool
 * cannot be opened.
 */
export function createDelivery(options: DeliveryOptions): Delivery {
  const { log, dataDir, spoolMaxBytes: maxBytes, spoolDestinationShare, onRelayed } = options;
  const clock = options.clock ?? Date.now;
  const time = options.time ?? systemClock;
  const { index, count } = options.slot ?? { index: 0, count: 1 };
  const spoolOptions = { dataDir, maxBytes, destinationShare: spoolDestinationShare, log, clock, time };
  const spool = openSpool({ ...spoolOptions, name: spoolNameOf(index) });
  const refused = new Map<string, number>();
  let current = options.layout;
  const layout = () => current;
  let isClosed = false;
  let closing: Promise<void> | null = null;

  const publisher = options.nats
    ? createPublisher({
        nats: options.nats,
        layout: current,
        largestEventBytes: options.maxUrlBytes === undefined ? null : largestEventBytes(options.maxUrlBytes),
        log,
        time,
        onState: (state) => options.onStateChange?.(state),
        onNews: () => {
          relay?.wake();
          abandoned?.wake();
        },
        hasBacklog: (id) => spools().some((one) => one.backlogs().has(id)),
        onAck: options.onAck,
      })
    : null;
  const relay = publisher ? createRelay({ spool, publisher, layout, log, time, onRelayed }) : null;
  // One process is enough to look after those that no process has.
  const abandoned =
    publisher && index === 0
      ? adoptAbandoned({ spoolOptions, workers: count, publisher, layout, onRelayed })
      : null;
  const deliver = createDeliver({
    spool,
    publisher,
    layout,
    isClosed: () => isClosed,
    log,
    onSpooled: (destinationId) => relay?.wake(destinationId),
    onRefused: (id) => void refused.set(id, (refused.get(id) ?? 0) + 1),
  });

  function spools(): readonly Spool[] {
    return abandoned === null ? [spool] : [spool, ...abandoned.spools];
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

  function state(): DeliveryState {
    const all = spools();
    const sum = (read: (spool: Spool) => number) => all.reduce((total, one) => total + read(one), 0);
    const oldestAt = Math.min(...all.map((one) => one.oldestAt ?? Number.POSITIVE_INFINITY));
    return {
      nats: publisher?.state ?? "off",
      inFlight: publisher?.inFlight ?? 0,
      inFlightBytes: publisher?.inFlightBytes ?? 0,
      spooled: sum(({ rows }) => rows),
      spooledBytes: sum(({ bytes }) => bytes),
      oldestSpooledMs: Number.isFinite(oldestAt) ? Math.max(0, clock() - oldestAt) : null,
      spool: spool.state,
      damagedRows: sum(({ damagedRows }) => damagedRows),
      salvageLeft: sum(({ salvageLeft }) => salvageLeft ?? 0),
      // Asked for when it is read: with 10,000 of them it is all that takes time, and most who ask want a number.
      get destinations() {
        const configured = current.destinations.keys();
        return listDestinations({ configured, spools: all, publisher, refused, nowMs: clock() });
      },
      findings: publisher?.findings() ?? [],
      quarantined: sum(countQuarantined),
      quarantineFull: spool.quarantineIsFull,
    };
  }

  return {
    deliver,
    publishRejected: (sourceId, payload) => publisher?.publishRejected(sourceId, payload),
    use: (next) => {
      current = next;
      publisher?.use(next);
      relay?.layOut();
      abandoned?.layOut();
    },
    state,
    close: (timeoutMs) => {
      closing ??= close(timeoutMs);
      return closing;
    },
  };
}
