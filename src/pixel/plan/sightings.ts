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

/** A plan may cost what reading so many queries of its length does; to make one takes a tenth of that. */
const QUERIES_A_PLAN = 128;
/** Enough for the first 200 shapes of 1 KB at once. */
const MOST_CREDIT = 200 * 1024 * QUERIES_A_PLAN;

/** Rations the making of plans: by the bytes of queries that the reference has read, so that it costs a small part of them. */
export class Ration {
  #credit = MOST_CREDIT;

  /** The reference has read a query of so many bytes. */
  earn(bytes: number): void {
    this.#credit = Math.min(MOST_CREDIT, this.#credit + bytes);
  }

  /** Whether a plan may be made for such a query now; then it is paid. */
  take(bytes: number): boolean {
    const price = bytes * QUERIES_A_PLAN;
    if (this.#credit < price) return false;
    this.#credit -= price;
    return true;
  }
}
