// Which shapes are worth a plan, and how much work goes into plans. Both are asked for each query that has none, by
// strangers too.

const SLOTS = 4096;

/** Remembers what was met lately, by its hash; each forgets the one whose place it takes. */
export class Sightings {
  readonly #hashes = new Int32Array(SLOTS);

  /** Whether something of this hash was met before, as far as is remembered. */
  wasMet(hash: number): boolean {
    const place = (hash ^ (hash >>> 16)) & (SLOTS - 1);
    if (this.#hashes[place] === hash) return true;
    this.#hashes[place] = hash;
    return false;
  }
}

/** To make a plan takes 0.2 to 1 ms where that is rare, as long as the reference takes for 20 to 40 queries. */
const QUERIES_A_PLAN = 512;
/** So many plans may be made at once, as at the start. */
const PLANS_AT_ONCE = 64;

/** Rations the making of plans by the queries that the reference reads, so that it costs a tenth more at most. */
export class Ration {
  #credit = PLANS_AT_ONCE * QUERIES_A_PLAN;

  /** The reference has read a query. */
  earn(): void {
    if (this.#credit < PLANS_AT_ONCE * QUERIES_A_PLAN) this.#credit++;
  }

  /** Whether a plan may be made now; then it is paid. */
  take(): boolean {
    if (this.#credit < QUERIES_A_PLAN) return false;
    this.#credit -= QUERIES_A_PLAN;
    return true;
  }
}
