// The way of one destination's copies to one stream: how far the spool is read for it, what it has on the wire, what waits
// for its time. Knows no NATS, and not when its turn is.
import type { Route } from "../config/subject.ts";
import type { Clock } from "../runtime/clock.ts";
import { FRESH_PACE, nextPace, type RelayEvent, type RelayPace } from "./relaywindow.ts";
import type { SpooledEvent } from "./spool/row.ts";
import type { Spool } from "./spool/spool.ts";

/** The copies of one destination for one stream. */
export class Lane {
  /** Its destination and its stream. */
  readonly route: Route;
  /** Copies on the wire, and their bytes. */
  inFlight = 0;
  inFlightBytes = 0;
  pace: RelayPace = FRESH_PACE;
  #isClosed = false;
  #cursor = 0;
  #maybeStoredCursor = 0;
  #isReadToEnd = false;
  /** A query for what may be stored costs as much as one that finds rows: it is asked for only when there may be some. */
  #mayHaveMaybeStored = true;
  /** Copies whose id was in process in the stream: by sequence, when they are tried again; the soonest first. */
  readonly #busy = new Map<number, number>();
  #wakesAtMs = Number.POSITIVE_INFINITY;
  #cancelWake: (() => void) | null = null;

  constructor(destinationId: string, stream: string) {
    // Gates are asked for by destination and stream alone.
    this.route = { destinationId, stream, subject: "" };
  }

  /** True once another lane has taken its place, or none has. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Copies that wait for another try. */
  get busy(): number {
    return this.#busy.size;
  }

  /** Whether every row has been tried, and nothing waits for another try. */
  get isDone(): boolean {
    return this.#isReadToEnd && this.#busy.size === 0;
  }

  /** When the next busy copy is due; infinity without one. */
  get dueMs(): number {
    const [first] = this.#busy.values();
    return first ?? Number.POSITIVE_INFINITY;
  }

  change(event: RelayEvent, nowMs: number): void {
    this.pace = nextPace(this.pace, event, nowMs);
  }

  /** Puts a copy off. */
  putOff(seq: number, untilMs: number): void {
    this.#busy.set(seq, untilMs);
  }

  isPutOff(seq: number): boolean {
    return this.#busy.has(seq);
  }

  /** Goes back to the busy copies whose time has come. */
  takeDue(nowMs: number): void {
    for (const [seq, dueMs] of this.#busy) {
      if (dueMs > nowMs) return;
      this.#busy.delete(seq);
      this.rewind(seq);
    }
  }

  /** Goes back to a row, so that it is read again. */
  rewind(seq: number): void {
    this.#cursor = Math.min(this.#cursor, seq - 1);
    this.#maybeStoredCursor = Math.min(this.#maybeStoredCursor, seq - 1);
    this.reopen();
  }

  /** Says that there may be more than what it has read. */
  reopen(): void {
    this.#isReadToEnd = false;
    this.#mayHaveMaybeStored = true;
  }

  /**
   * The next rows of its destination, whatever their stream. What may be in the stream already goes first: the stream
   * forgets its ids after the duplicate window.
   */
  read(spool: Pick<Spool, "read">, limit: number): SpooledEvent[] {
    const { destinationId } = this.route;
    if (this.#mayHaveMaybeStored) {
      const wanted = { destinationId, afterSeq: this.#maybeStoredCursor, limit, onlyMaybeStored: true };
      const maybeStored = spool.read(wanted);
      this.#maybeStoredCursor = maybeStored.at(-1)?.seq ?? this.#maybeStoredCursor;
      if (maybeStored.length > 0) return maybeStored;
      this.#mayHaveMaybeStored = false;
    }
    const events = spool.read({ destinationId, afterSeq: this.#cursor, limit });
    this.#cursor = events.at(-1)?.seq ?? this.#cursor;
    this.#isReadToEnd = events.length === 0;
    return events;
  }

  /** Has `act` called at this time, unless it is to be called before; at infinity nothing is. */
  sleep(untilMs: number, time: Clock, act: () => void): void {
    if (untilMs >= this.#wakesAtMs) return;
    this.#cancelWake?.();
    this.#wakesAtMs = untilMs;
    this.#cancelWake = time.after(Math.max(0, untilMs - time.now()), () => {
      this.#wakesAtMs = Number.POSITIVE_INFINITY;
      this.#cancelWake = null;
      act();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelWake?.();
  }
}
