// Appends that wait for the next transaction: bounded in number and bytes, and taken a batch at a time.
import type { Addition } from "./addition.ts";
import { NO_STOCK, type Stock } from "./stock.ts";

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
  readonly #backlogs = new Map<string, { copies: number; bytes: number }>();
  #refused = { copies: 0, bytes: 0 };

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Whether it is so long that what can come later should. */
  get isLong(): boolean {
    return this.#waiting.length > MAX_WAITING / 2;
  }

  /** What waits for quarantine. */
  get refused(): Stock {
    return this.#refused;
  }

  /** What waits for the backlog of a destination. */
  backlog(destinationId: string): Stock {
    return this.#backlogs.get(destinationId) ?? NO_STOCK;
  }

  /** Takes an append in; false when there is no room for it. */
  push(append: Append): boolean {
    const { length } = append.event.payload;
    if (this.#waiting.length >= MAX_WAITING || this.#bytes + length > MAX_WAITING_BYTES) return false;
    this.#waiting.push(append);
    this.#count(append, 1);
    return true;
  }

  /** The next batch, oldest first. */
  take(): Append[] {
    if (this.#waiting.length > MAX_BATCH) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      for (const append of batch) this.#count(append, -1);
      return batch;
    }
    const batch = this.#waiting;
    this.#waiting = [];
    this.#bytes = 0;
    this.#backlogs.clear();
    this.#refused = { copies: 0, bytes: 0 };
    return batch;
  }

  #count({ event, copies }: Append, sign: 1 | -1): void {
    const bytes = sign * event.payload.length;
    this.#bytes += bytes;
    for (const { route, quarantine } of copies) {
      const stock = quarantine === null ? this.#stockOf(route.destinationId) : this.#refused;
      stock.copies += sign;
      stock.bytes += bytes;
    }
  }

  #stockOf(destinationId: string): { copies: number; bytes: number } {
    let stock = this.#backlogs.get(destinationId);
    if (stock === undefined) {
      stock = { copies: 0, bytes: 0 };
      this.#backlogs.set(destinationId, stock);
    }
    return stock;
  }
}
