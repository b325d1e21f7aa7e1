// Messages on the wire without an ack. Slots are found by number: no map, no allocation for a message.
import type { Outgoing } from "../outgoing.ts";

/**
 * `stored`: acked. `unacked`: the stream may or may not have it. `busy`: the stream is storing it, or was not done with it
 * before: this message alone is to be tried later. `rejected`: the stream will never take it.
 */
export type Verdict = "stored" | "unacked" | "busy" | "rejected";

/** Whoever published a route of an event and waits for its verdict. */
export interface AckListener {
  readonly outgoing: Outgoing;
  /** Called once for each published route, with its index in `outgoing.routes`. Must not throw. */
  onVerdict(route: number, verdict: Verdict, reason: string): void;
}

/** How many slots in use are skipped for a free one before the window counts as full. */
const MAX_SKIPPED = 32;

/**
 * A bounded window of messages in flight, each with its way. A message's number is never used again, so a late ack
 * confirms no other.
 */
export class InFlightWindow<Way> {
  /** The last number given out. */
  last = 0;
  count = 0;
  bytes = 0;
  readonly #mask: number;
  readonly #maxBytes: number;
  readonly #numbers: Float64Array;
  readonly #sentAt: Float64Array;
  readonly #deadlines: Float64Array;
  readonly #routes: Uint32Array;
  readonly #listeners: (AckListener | undefined)[];
  /** Kept after the verdict, until the slot is used again. */
  readonly #ways: (Way | undefined)[];
  /** 1 where an answer of a stream brought the verdict. */
  readonly #answered: Uint8Array;

  /** `entries` is a power of two. */
  constructor(entries: number, maxBytes: number) {
    this.#mask = entries - 1;
    this.#maxBytes = maxBytes;
    this.#numbers = new Float64Array(entries);
    this.#sentAt = new Float64Array(entries);
    this.#deadlines = new Float64Array(entries);
    this.#routes = new Uint32Array(entries);
    this.#answered = new Uint8Array(entries);
    this.#listeners = new Array(entries).fill(undefined);
    this.#ways = new Array(entries).fill(undefined);
  }

  /** Whether `messages` more with `bytes` in total may go on the wire. */
  hasRoom(messages: number, bytes: number): boolean {
    return this.count + messages <= this.#mask - MAX_SKIPPED && this.bytes + bytes <= this.#maxBytes;
  }

  /** Takes a message in and returns its number, or 0 when no slot is free. Times are those of the publisher's clock. */
  add(listener: AckListener, route: number, way: Way, now: number, deadline: number): number {
    for (let tries = 0; tries <= MAX_SKIPPED; tries++) {
      const slot = ++this.last & this.#mask;
      if (this.#listeners[slot] !== undefined) continue;
      this.#numbers[slot] = this.last;
      this.#sentAt[slot] = now;
      this.#deadlines[slot] = deadline;
      this.#routes[slot] = route;
      this.#answered[slot] = 0;
      this.#listeners[slot] = listener;
      this.#ways[slot] = way;
      this.count++;
      this.bytes += listener.outgoing.payload.length;
      return this.last;
    }
    return 0;
  }

  /** The slot of a message in flight, or -1 when it has its verdict already. */
  slotOf(number: number): number {
    const slot = number & this.#mask;
    return this.#numbers[slot] === number && this.#listeners[slot] !== undefined ? slot : -1;
  }

  /** The way of a message that was answered already; undefined for one in flight, without an answer, or long ago. */
  wayOfAnswered(number: number): Way | undefined {
    const slot = number & this.#mask;
    return this.#numbers[slot] === number && this.#answered[slot] === 1 ? this.#ways[slot] : undefined;
  }

  listenerAt(slot: number): AckListener | undefined {
    return this.#listeners[slot];
  }

  routeAt(slot: number): number {
    return this.#routes[slot] ?? 0;
  }

  wayAt(slot: number): Way | undefined {
    return this.#ways[slot];
  }

  numberAt(slot: number): number {
    return this.#numbers[slot] ?? 0;
  }

  /** Waits for its answer no longer than until then. */
  hasten(slot: number, deadline: number): void {
    this.#deadlines[slot] = Math.min(this.#deadlines[slot] ?? 0, deadline);
  }

  sentAt(slot: number): number {
    return this.#sentAt[slot] ?? 0;
  }

  /** Ends a message's flight and tells its listener. `isAnswer`: a stream has answered, so no other answer is due. */
  settle(slot: number, verdict: Verdict, reason: string, isAnswer: boolean): void {
    const listener = this.#listeners[slot];
    if (listener === undefined) return;
    this.#listeners[slot] = undefined;
    if (isAnswer) this.#answered[slot] = 1;
    this.count--;
    this.bytes -= listener.outgoing.payload.length;
    listener.onVerdict(this.#routes[slot] ?? 0, verdict, reason);
  }

  /** The slots of messages in flight for which `isMeant` holds, oldest first. */
  find(isMeant: (slot: number, deadline: number) => boolean): number[] {
    const slots: number[] = [];
    if (this.count === 0) return slots;
    // All slots, 0.1 ms: a message that is stuck may be older than a whole turn of the window.
    for (let slot = 0; slot <= this.#mask; slot++) {
      if (this.#listeners[slot] !== undefined && isMeant(slot, this.#deadlines[slot] ?? 0)) slots.push(slot);
    }
    return slots.sort((a, b) => (this.#numbers[a] ?? 0) - (this.#numbers[b] ?? 0));
  }
}
