// Message ids of which the stream says that it is storing them at this instant. That is over in milliseconds; after changes
// of replicas under load it was seen to last, until the stream's leader stepped down.

/** An id that is busy for longer needs an operator. */
export const LASTING_MS = 60_000;
const MAX_IDS = 1000;

interface Spell {
  readonly firstMs: number;
  lastMs: number;
}

/** The ids that were busy of late. Times are those of one clock. */
export class BusyIds {
  readonly #spells = new Map<string, Spell>();

  /** Notes that an id is busy; true when it has been so for more than a minute. */
  add(id: string, nowMs: number): boolean {
    const spell = this.#spells.get(id);
    // Not tried for long, it may have been free in between.
    if (spell === undefined || nowMs - spell.lastMs > LASTING_MS) {
      this.#spells.delete(id);
      this.#spells.set(id, { firstMs: nowMs, lastMs: nowMs });
      const [oldest] = this.#spells.keys();
      if (this.#spells.size > MAX_IDS && oldest !== undefined) this.#spells.delete(oldest);
      return false;
    }
    spell.lastMs = nowMs;
    return nowMs - spell.firstMs > LASTING_MS;
  }
}
