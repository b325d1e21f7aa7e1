// What leaves in one turn of the event loop leaves in one write, and there is one write a millisecond at the most. Holds the
// path of the connection that there is, and drops what is published without one.
import type { Address } from "../../config/subject.ts";
import type { Payload } from "../../pixel/payload.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import type { Outgoing } from "../outgoing.ts";
import type { PublishPath } from "./encoder.ts";
import { createFixedWindowLimit } from "./fixedwindow.ts";

/**
 * What is published sooner after a write waits, and no event much longer than this. A write, with the acks that it brings,
 * costs 49 µs here and 64 in nats-server, each of its events 4 and 12 more: it is the writes that must be few.
 */
const GAP_MS = 1;
const REJECTED_PER_SECOND = { messages: 1000, bytes: 4 * 1024 * 1024 };

/** The way onto the wire, whichever connection there is. */
export class Outlet {
  #path: PublishPath | null = null;
  #isFlushing = false;
  #flushedMs = Number.NEGATIVE_INFINITY;
  readonly #wire: Clock;
  readonly #hasRoomForMore: (bytes: number) => boolean;

  /** `wire` is the clock of the writes: the machine's, whoever turns the one of the deadlines. */
  constructor(time: Clock, wire = systemClock) {
    this.#wire = wire;
    this.#hasRoomForMore = createFixedWindowLimit(REJECTED_PER_SECOND, time);
  }

  get isOpen(): boolean {
    return this.#path !== null;
  }

  /** Takes the path of a new connection. */
  open(path: PublishPath): void {
    this.#path = path;
  }

  close(): void {
    this.#path = null;
  }

  /** Publishes an event's copy; the ack comes under that number. */
  publish(event: Outgoing, address: Address, number: number): void {
    this.#path?.publish(event, address, number);
    this.#flushSoon();
  }

  /** Publishes a payload and asks for no ack, unless there are too many of these. */
  publishSome(subject: string, payload: Payload): void {
    if (!this.#hasRoomForMore(payload.length)) return;
    this.#path?.publishNoAck(subject, payload);
    this.#flushSoon();
  }

  /** Writes what waits, at once. */
  flush(): void {
    this.#isFlushing = false;
    this.#flushedMs = this.#wire.now();
    this.#path?.flush();
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => this.#endTurn());
  }

  #endTurn(): void {
    const waitMs = this.#flushedMs + GAP_MS - this.#wire.now();
    if (waitMs <= 0) this.flush();
    else this.#wire.after(waitMs, () => this.flush());
  }
}
