// Brings spooled events to JetStream, oldest first, beside new traffic. While the stream is degraded its first
// message is the one that finds out whether the stream takes messages again.
import { type Layout, routeAgain } from "../config/layout.ts";
import type { Route } from "../config/subject.ts";
import type { Clock } from "../runtime/clock.ts";
import { createRarely, type DeliveryLog } from "./log.ts";
import { PendingAcks } from "./nats/pending.ts";
import type { Publisher } from "./nats/publisher.ts";
import { FRESH_PACE, MAX_WINDOW, nextPace, type RelayEvent } from "./relaywindow.ts";
import type { SpooledEvent } from "./spool/row.ts";
import type { Spool } from "./spool/spool.ts";

/** Brings the events of one spool to the stream until it is stopped. */
export interface Relay {
  /** Says that there may be something to do: the stream is up, or an event was spooled. */
  wake(): void;
  /** Starts from the oldest row again: the connection is a new one. */
  restart(): void;
  stop(): void;
}

/** From where to where, and who hears of it. */
export interface RelayOptions {
  readonly spool: Pick<Spool, "rows" | "backlogs" | "read" | "remove">;
  readonly publisher: Pick<Publisher, "state" | "permit" | "hasRoom" | "publish" | "recheck">;
  /** The layout of this moment: it says where a spooled copy goes. */
  readonly layout: () => Layout;
  readonly log: DeliveryLog;
  readonly time: Clock;
  /** Called with the number of events that left the spool for the stream. */
  readonly onRelayed: ((events: number) => void) | undefined;
}

/** One destination's copies in the spool: how far they have been read. */
interface Lane {
  cursor: number;
  maybeStoredCursor: number;
}

/** A copy on its way. */
interface Sent {
  readonly event: SpooledEvent;
  readonly destinationId: string;
}

/** Longer than for a client's event: nobody waits, and a slow stream must still be relayed to. */
const DEADLINE_MS = 8000;
const MAX_WINDOW_BYTES = 4 * 1024 * 1024;
/** Rows of one event-loop turn: about 0.5 ms, so that new requests are not kept waiting. */
const MAX_STEP = 64;
/** Looks whether there is something to do even when nothing has woken it. */
const TICK_MS = 500;

/** Starts at once, and stays awake: it looks twice a second. */
export function createRelay({ spool, publisher, layout, log, time, onRelayed }: RelayOptions): Relay {
  const rarely = createRarely(60_000);
  const inFlight = new Set<string>();
  /** Copies of an event that are still to be delivered, for those that are on the wire. */
  const copiesLeft = new Map<number, number>();
  let inFlightBytes = 0;
  let pace = FRESH_PACE;
  const lanes = new Map<string, Lane>();
  let turn = 0;
  /** When a copy that was passed over may try. */
  let nextTryMs = Number.POSITIVE_INFINITY;
  let isScheduled = false;
  /** Calls the next pass off; null while none is waited for. */
  let cancelPass: (() => void) | null = null;
  let cancelHold: (() => void) | null = null;
  let isStopped = false;
  const stopTicking = time.every(TICK_MS, schedule);

  function schedule(): void {
    if (isScheduled || isStopped) return;
    isScheduled = true;
    setImmediate(step);
  }

  function change(event: RelayEvent): void {
    pace = nextPace(pace, event, time.now());
  }

  /** True while nothing may be tried; wakes the relay when that is over. */
  function isHeld(): boolean {
    const leftMs = pace.holdUntilMs - time.now();
    if (leftMs <= 0) return false;
    cancelHold ??= time.after(leftMs, () => {
      cancelHold = null;
      schedule();
    });
    return true;
  }

  function step(): void {
    isScheduled = false;
    if (isStopped || publisher.state === "down") return;
    const isDegraded = publisher.state === "degraded";
    if (spool.rows === 0) {
      if (isDegraded) publisher.recheck();
      return;
    }
    if (isDegraded && isHeld()) return;
    const room = Math.min(pace.window - inFlight.size, MAX_STEP);
    if (room <= 0 || inFlightBytes > MAX_WINDOW_BYTES) return;
    if (!publisher.hasRoom(2 * MAX_WINDOW, MAX_WINDOW_BYTES)) return;
    const copies = nextCopies(room);
    if (copies.length === 0) {
      if (inFlight.size === 0) endPass(isDegraded);
      return;
    }
    for (const copy of copies) if (!inFlight.has(keyOf(copy))) send(copy);
    if (inFlight.size < pace.window) schedule();
  }

  /** Of one destination after the other. */
  function nextCopies(limit: number): Sent[] {
    const destinations = [...spool.backlogs().keys()];
    for (let tries = 0; tries < destinations.length; tries++) {
      const destinationId = destinations[turn++ % destinations.length] ?? "";
      const events = nextEvents(destinationId, limit);
      if (events.length > 0) return events.map((event) => ({ event, destinationId }));
    }
    return [];
  }

  /** What may be in the stream already goes first: the stream forgets its ids after the duplicate window. */
  function nextEvents(destinationId: string, limit: number): SpooledEvent[] {
    const lane = lanes.get(destinationId) ?? { cursor: 0, maybeStoredCursor: 0 };
    lanes.set(destinationId, lane);
    const wanted = { destinationId, afterSeq: lane.maybeStoredCursor, limit };
    const maybeStored = spool.read({ ...wanted, onlyMaybeStored: true });
    lane.maybeStoredCursor = maybeStored.at(-1)?.seq ?? lane.maybeStoredCursor;
    if (maybeStored.length > 0) return maybeStored;
    const events = spool.read({ ...wanted, afterSeq: lane.cursor });
    lane.cursor = events.at(-1)?.seq ?? lane.cursor;
    return events;
  }

  /** What is left is tried again after a while: a shorter one while something got through. */
  function endPass(isDegraded: boolean): void {
    if (cancelPass !== null || spool.rows === 0) return;
    change({ is: "passed", isDegraded });
    const pauseMs = Math.min(pace.pauseMs, Math.max(0, nextTryMs - time.now()));
    cancelPass = time.after(pauseMs, () => {
      cancelPass = null;
      rewind();
      schedule();
    });
  }

  function rewind(): void {
    nextTryMs = Number.POSITIVE_INFINITY;
    lanes.clear();
  }

  /** False for a copy whose gate is shut; the pass that comes when it may try again is not to be missed. */
  function isPermitted(route: Route): boolean {
    const permit = publisher.permit(route);
    if (permit.is === "none") nextTryMs = Math.min(nextTryMs, permit.untilMs);
    return permit.is !== "none";
  }

  function send(copy: Sent): void {
    const { event, destinationId } = copy;
    const { type, payload } = event;
    const routes = event.routes
      .filter((route) => route.destinationId === destinationId)
      .map((route) => routeAgain(layout(), { ...route, type, payload }));
    if (!routes.every(isPermitted)) return;
    inFlight.add(keyOf(copy));
    inFlightBytes += event.payloadBytes;
    if (!copiesLeft.has(event.seq)) copiesLeft.set(event.seq, event.routes.length);
    publisher.publish(new PendingAcks({ ...event, routes }, copy, finish), 0, DEADLINE_MS);
  }

  function finish({ context: copy, unacked, rejected, reason }: PendingAcks<Sent>): void {
    const { event, destinationId } = copy;
    inFlight.delete(keyOf(copy));
    inFlightBytes -= event.payloadBytes;
    if (rejected.length + unacked.length === 0) {
      spool.remove(event, destinationId);
      noteRelayed(event.seq);
      change({ is: "relayed" });
      schedule();
      return;
    }
    if (rejected.length > 0) {
      rarely(`rejected ${reason}`, () =>
        log.error("the stream refuses a spooled event, it stays in the spool", { event: event.id, reason }),
      );
      change({ is: "rejected" });
      schedule();
      return;
    }
    const isDegraded = publisher.state !== "up";
    change({ is: "unacked", isDegraded });
    if (!isDegraded || !isHeld()) schedule();
  }

  function noteRelayed(seq: number): void {
    const left = (copiesLeft.get(seq) ?? 1) - 1;
    copiesLeft.set(seq, left);
    if (left > 0) return;
    copiesLeft.delete(seq);
    onRelayed?.(1);
  }

  function cancelTimers(): void {
    cancelPass?.();
    cancelHold?.();
    cancelPass = null;
    cancelHold = null;
  }

  return {
    wake: schedule,
    restart: () => {
      cancelTimers();
      rewind();
      change({ is: "restarted" });
      schedule();
    },
    stop: () => {
      isStopped = true;
      cancelTimers();
      stopTicking();
    },
  };
}

function keyOf({ event, destinationId }: Sent): string {
  return `${event.seq} ${destinationId}`;
}
