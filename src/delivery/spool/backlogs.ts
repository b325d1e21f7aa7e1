// The backlogs of one open file, and its quarantine, as they are known without a look at it.
import { addStocks, type Stock } from "./stock.ts";

/** What waits for one destination. */
export interface Backlog extends Stock {
  /** When its oldest event was spooled, epoch milliseconds; null when that cannot be read. */
  readonly oldestAtMs: number | null;
}

/**
 * Sums by destination; those of nothing are left out. `view` makes what is told of one: each only when it changes, for among
 * 10,000 a commit changes few.
 */
export class Stocks<View extends Stock> {
  /** As they are at each moment. */
  readonly all: ReadonlyMap<string, View>;
  readonly #views = new Map<string, View>();
  readonly #view: (destination: string, stock: Stock) => View;

  constructor(view: (destination: string, stock: Stock) => View) {
    this.all = this.#views;
    this.#view = view;
  }

  replace(stocks: ReadonlyMap<string, Stock>): void {
    this.#views.clear();
    for (const [destination, stock] of stocks) this.set(destination, stock);
  }

  set(destination: string, stock: Stock): void {
    if (stock.copies > 0) this.#views.set(destination, this.#view(destination, stock));
    else this.#views.delete(destination);
  }

  add(destination: string, more: Stock): void {
    this.set(destination, addStocks(this.#views.get(destination), more));
  }
}

/**
 * A backlog as it is told, until its copies are others. The time of its oldest event is a query: asked when it is wanted, and
 * again only where it could not be read.
 */
export function viewBacklog(stock: Stock, oldestAt: () => number | null): Backlog {
  let known: number | null = null;
  return {
    ...stock,
    get oldestAtMs() {
      known ??= oldestAt();
      return known;
    },
  };
}
