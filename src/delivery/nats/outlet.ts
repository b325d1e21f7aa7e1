// What leaves in one turn of the event loop leaves in one write, and few messages wait for more of them, a millisecond at the
// most. Holds the path of the connection that there is, and drops what is published without one.
import type { Address } from "../../config/subject.ts";
import type { Payload } from "../../pixel/payload.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import type { Outgoing } from "../outgoing.ts";
import type { PublishPath } from "./encoder.ts";
import { createFixedWindowLimit } from "./fixedwindow.ts";

/** From one write to the next, unless many messages wait. */
const GAP_MS = 1;
/** So many are worth a write: with its acks one costs 49 µs here and 64 in nats-server, each of its messages 4 and 12 more. */
const MANY = 16;
const REJECTED_PER_SECOND = { messages: 1000, bytes: 4 * 1024 * 1024 };

/** The way onto the wire, whichever connection there is. */
export class Outlet {
  #path: PublishPath | null = null;
  #isTurn = false;
  #isTimed = false;
  #waiting = 0;
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
    this.#waiting = 0;
    this.#flushedMs = this.#wire.now();
    this.#path?.flush();
  }

  #flushSoon(): void {
    this.#waiting++;
    if (this.#isTurn) return;
    this.#isTurn = true;
    setImmediate(() => this.#endTurn());
  }

  #endTurn(): void {
    this.#isTurn = false;
    if (this.#waiting === 0) return;
    const waitMs = this.#flushedMs + GAP_MS - this.#wire.now();
    if (waitMs <= 0 || this.#waiting >= MANY) this.flush();
    else this.#flushIn(waitMs);
  }

  /** One timer is enough: what is published before its time leaves with it, and a write in between needs no other. */
  #flushIn(ms: number): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    this.#wire.after(ms, () => {
      this.#isTimed = false;
      if (this.#waiting > 0) this.flush();
    });
  }
}
