// When each request of an open loop has to leave, and on which connection: a connection has one request at a time, and one
// that finds none free waits, while its latency counts on. Knows no sockets and no clock.

/** A connection: is told which request to send. */
export type Lane = (request: number) => void;

export class Schedule {
  readonly #total: number;
  readonly #everyMs: number;
  readonly #startMs: number;
  readonly #free: Lane[] = [];
  #next = 0;

  /** Requests at even distances from a time on; all times in milliseconds of one clock. */
  constructor(startMs: number, perSecond: number, seconds: number) {
    this.#startMs = startMs;
    this.#everyMs = 1000 / perSecond;
    this.#total = Math.max(1, Math.round(perSecond * seconds));
  }

  /** How many requests there are in all. */
  get total(): number {
    return this.#total;
  }

  /** When a request has to leave. */
  dueMs(request: number): number {
    return this.#startMs + request * this.#everyMs;
  }

  /** A connection is there, or has its answer: it is the last to be used again. */
  release(lane: Lane): void {
    this.#free.push(lane);
  }

  /** A connection is gone. */
  withdraw(lane: Lane): void {
    const at = this.#free.indexOf(lane);
    if (at >= 0) this.#free.splice(at, 1);
  }

  /** Sends what has to leave by now, oldest first, as far as connections are free. */
  send(nowMs: number): void {
    while (this.#next < this.#total && this.dueMs(this.#next) <= nowMs) {
      const lane = this.#free.shift();
      if (lane === undefined) return;
      lane(this.#next++);
    }
  }
}
