// Appends that wait for the next transaction: bounded in number and bytes, and taken a batch at a time.
import type { Addition } from "./file.ts";

/** An event to be spooled, and who waits for it. */
export interface Append extends Addition {
  /** Told once: true when the event is safe on disk. */
  readonly done: (isSafe: boolean) => void;
}

/** More than can be in flight at NATS: all of it comes here at once when the connection is lost. */
const MAX_WAITING = 100_000;
const MAX_WAITING_BYTES = 96 * 1024 * 1024;
/** Rows of one transaction: a commit holds the event loop, at about 5 µs a row. */
const MAX_BATCH = 2000;

/** The queue of one spool. */
export class AppendQueue {
  #waiting: Append[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Whether it is so long that what can come later should. */
  get isLong(): boolean {
    return this.#waiting.length > MAX_WAITING / 2;
  }

  /** Takes an append in; false when there is no room for it. */
  push(append: Append): boolean {
    const { payloadBytes } = append.event;
    if (this.#waiting.length >= MAX_WAITING || this.#bytes + payloadBytes > MAX_WAITING_BYTES) return false;
    this.#waiting.push(append);
    this.#bytes += payloadBytes;
    return true;
  }

  /** The next batch, oldest first. */
  take(): Append[] {
    const batch = this.#waiting.length > MAX_BATCH ? this.#waiting.splice(0, MAX_BATCH) : this.#waiting;
    if (batch === this.#waiting) this.#waiting = [];
    for (const { event } of batch) this.#bytes -= event.payloadBytes;
    return batch;
  }
}
