// Plans, bounded in number and bytes. Shapes come from strangers: who sends new ones for ever pays for them himself, and
// drives out nothing that is in use.

/** What is kept of a plan beside it. */
export interface Kept {
  /** Bytes, about. */
  readonly bytes: number;
  /** Set by whoever uses it. */
  isUsed: boolean;
}

/** Bounds of a shelf. */
export interface Bounds {
  readonly most: number;
  readonly mostBytes: number;
}

/** How many are looked at for one that can go. So few that the hand comes round no faster than each in use is used again. */
const LOOKS = 8;

/** Keeps what is used: a clock, whose hand takes the mark of use from what it passes and removes what has none. */
export class Shelf<T extends Kept> {
  readonly #bounds: Bounds;
  readonly #onRemove: (item: T) => void;
  readonly #items: T[] = [];
  #hand = 0;
  #bytes = 0;

  constructor(bounds: Bounds, onRemove: (item: T) => void) {
    this.#bounds = bounds;
    this.#onRemove = onRemove;
  }

  get size(): number {
    return this.#items.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Makes room, a few looks at a time; false where everything looked at is in use. */
  makeRoom(): boolean {
    const { most, mostBytes } = this.#bounds;
    for (let looks = 0; this.#items.length >= most || this.#bytes >= mostBytes; looks++) {
      if (looks === LOOKS) return false;
      if (this.#hand >= this.#items.length) this.#hand = 0;
      const item = this.#items[this.#hand];
      if (item === undefined) return true;
      if (item.isUsed) {
        item.isUsed = false;
        this.#hand++;
      } else this.#removeAt(this.#hand, item);
    }
    return true;
  }

  add(item: T): void {
    this.#items.push(item);
    this.#bytes += item.bytes;
  }

  /** The last one takes the place of the one that goes: it is looked at next. */
  #removeAt(place: number, item: T): void {
    const last = this.#items.pop();
    if (last !== undefined && last !== item) this.#items[place] = last;
    this.#bytes -= item.bytes;
    this.#onRemove(item);
  }
}
