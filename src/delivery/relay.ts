// Brings spooled events to JetStream, oldest first, beside new traffic. While the stream is degraded its first
// message is the one that finds out whether the stream takes messages again.

import type { Route } from "../config/subject.ts";
import { createRarely, type DeliveryLog } from "./log.ts";
import type { Publisher } from "./nats/publisher.ts";
import type { AckListener, Verdict } from "./nats/window.ts";
import type { Outgoing } from "./outgoing.ts";
import type { SpooledEvent } from "./spool/file.ts";
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
  readonly spool: Spool;
  readonly publisher: Publisher;
  readonly log: DeliveryLog;
  /** Called with the number of events that left the spool for the stream. */
  readonly onRelayed: ((events: number) => void) | undefined;
}

/** Longer than for a client's event: nobody waits, and a slow stream must still be relayed. */
const DEADLINE_MS = 8000;
const MAX_WINDOW = 512;
const MAX_WINDOW_BYTES = 4 * 1024 * 1024;
/** Rows of one event-loop turn: about 0.5 ms, so that new requests are not kept waiting. */
const MAX_STEP = 64;
const MIN_PAUSE_MS = 250;
const MAX_PAUSE_MS = 30_000;
/** Looks whether there is something to do even when nothing has woken it. */
const TICK_MS = 500;

/** Starts at once, and stays awake: it looks twice a second. */
export function createRelay({ spool, publisher, log, onRelayed }: RelayOptions): Relay {
  const rarely = createRarely(60_000);
  const inFlight = new Set<number>();
  let inFlightBytes = 0;
  /** Grows with each ack and falls to one with a refusal: a stream in trouble gets one message to try. */
  let window = 1;
  let cursor = 0;
  let maybeStoredCursor = 0;
  /** Rows that left in this pass; those that stay are looked at again in the next. */
  let delivered = 0;
  let pauseMs = MIN_PAUSE_MS;
  let isScheduled = false;
  /** Begins the next pass. */
  let passTimer: ReturnType<typeof setTimeout> | undefined;
  /** While it runs and the stream is degraded, nothing is tried. */
  let holdTimer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;
  const ticker = setInterval(schedule, TICK_MS);
  ticker.unref();

  function schedule(): void {
    if (isScheduled || isStopped) return;
    isScheduled = true;
    setImmediate(step);
  }

  /** The next message that is tried is another one: the fault may be of this one alone. */
  function hold(): void {
    if (isStopped || holdTimer !== undefined) return;
    holdTimer = setTimeout(() => {
      holdTimer = undefined;
      schedule();
    }, MIN_PAUSE_MS);
    holdTimer.unref();
  }

  function step(): void {
    isScheduled = false;
    if (isStopped || !publisher.mayPublish) return;
    const isDegraded = publisher.state === "degraded";
    if (spool.rows === 0) {
      if (isDegraded) publisher.recheck();
      return;
    }
    if (isDegraded && holdTimer !== undefined) return;
    const room = Math.min(window - inFlight.size, MAX_STEP);
    if (room <= 0 || inFlightBytes > MAX_WINDOW_BYTES) return;
    if (!publisher.hasRoom(2 * MAX_WINDOW, MAX_WINDOW_BYTES)) return;
    // What may be in the stream already goes first: the stream forgets its ids after the duplicate window.
    let events = spool.read({ afterSeq: maybeStoredCursor, limit: room, onlyMaybeStored: true });
    maybeStoredCursor = events.at(-1)?.seq ?? maybeStoredCursor;
    if (events.length === 0) {
      events = spool.read({ afterSeq: cursor, limit: room });
      cursor = events.at(-1)?.seq ?? cursor;
    }
    if (events.length === 0) {
      if (inFlight.size === 0) endPass();
      return;
    }
    for (const event of events) {
      if (!inFlight.has(event.seq)) send(event);
    }
    if (inFlight.size < window) schedule();
  }

  /** What is left is tried again after a while: a shorter one while something got through. */
  function endPass(): void {
    if (passTimer !== undefined || spool.rows === 0) return;
    const isHopeful = delivered > 0 || publisher.state === "degraded";
    pauseMs = isHopeful ? MIN_PAUSE_MS : Math.min(pauseMs * 2, MAX_PAUSE_MS);
    delivered = 0;
    passTimer = setTimeout(() => {
      passTimer = undefined;
      cursor = 0;
      maybeStoredCursor = 0;
      schedule();
    }, pauseMs);
    passTimer.unref();
  }

  function send(event: SpooledEvent): void {
    inFlight.add(event.seq);
    inFlightBytes += event.payload.length;
    const attempt = new Attempt(event, finish);
    for (let route = 0; route < event.routes.length; route++) publisher.publish(attempt, route, DEADLINE_MS);
    if (event.routes.length === 0) finish(event, [], 0, "");
  }

  function finish(event: SpooledEvent, remaining: readonly Route[], refused: number, reason: string): void {
    inFlight.delete(event.seq);
    inFlightBytes -= event.payload.length;
    if (remaining.length === 0) {
      spool.remove(event);
      onRelayed?.(1);
      delivered++;
      if (window < MAX_WINDOW) window++;
      schedule();
      return;
    }
    if (remaining.length < event.routes.length) spool.keep(event, remaining);
    if (refused > 0) {
      rarely(`refused ${reason}`, () =>
        log.error("the stream refuses a spooled event, it stays in the spool", { event: event.id, reason }),
      );
      schedule();
      return;
    }
    // The stream, not this event, is in trouble: try again with one message, after a while.
    window = 1;
    if (publisher.state === "up") schedule();
    else hold();
  }

  return {
    wake: schedule,
    restart: () => {
      clearTimeout(passTimer);
      clearTimeout(holdTimer);
      passTimer = undefined;
      holdTimer = undefined;
      cursor = 0;
      maybeStoredCursor = 0;
      window = 1;
      pauseMs = MIN_PAUSE_MS;
      schedule();
    },
    stop: () => {
      isStopped = true;
      clearTimeout(passTimer);
      clearTimeout(holdTimer);
      clearInterval(ticker);
    },
  };
}

/** One spooled event on the wire: hears the verdict of each route. */
class Attempt implements AckListener {
  readonly outgoing: Outgoing;
  readonly #event: SpooledEvent;
  readonly #finish: (event: SpooledEvent, remaining: Route[], refused: number, reason: string) => void;
  readonly #remaining: Route[] = [];
  #waiting: number;
  #refused = 0;
  #reason = "";

  constructor(
    event: SpooledEvent,
    finish: (event: SpooledEvent, remaining: Route[], refused: number, reason: string) => void,
  ) {
    this.outgoing = event;
    this.#event = event;
    this.#finish = finish;
    this.#waiting = event.routes.length;
  }

  onVerdict(route: number, verdict: Verdict, reason: string): void {
    const target = this.outgoing.routes[route];
    if (verdict !== "stored" && target !== undefined) {
      this.#remaining.push(target);
      this.#reason = reason;
      if (verdict === "rejected") this.#refused++;
    }
    if (--this.#waiting === 0) this.#finish(this.#event, this.#remaining, this.#refused, this.#reason);
  }
}
