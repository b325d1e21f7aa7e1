// The backlogs of one open file, and its quarantine, as they are known without a look at it.
import type { Stock } from "./copies.ts";

/** What waits for one destination. */
export interface Backlog extends Stock {
  /** When its oldest event was spooled, epoch milliseconds; null when that cannot be read. */
  readonly oldestAtMs: number | null;
}

/** Sums by destination; those of nothing are left out. */
export class Stocks {
  #stocks = new Map<string, Stock>();

  get all(): ReadonlyMap<string, Stock> {
    return this.#stocks;
  }

  /** Copies and bytes of all. */
  get total(): Stock {
    let copies = 0;
    let bytes = 0;
    for (const stock of this.#stocks.values()) {
      copies += stock.copies;
      bytes += stock.bytes;
    }
    return { copies, bytes };
  }

  replace(stocks: Map<string, Stock>): void {
    this.#stocks = stocks;
  }

  set(destination: string, stock: Stock): void {
    if (stock.copies > 0) this.#stocks.set(destination, stock);
    else this.#stocks.delete(destination);
  }

  add(destination: string, more: Stock): void {
    const { copies, bytes } = this.#stocks.get(destination) ?? { copies: 0, bytes: 0 };
    this.set(destination, { copies: copies + more.copies, bytes: bytes + more.bytes });
  }
}

/** What waits for each destination. The time of the oldest is asked for when it is wanted. */
export function viewBacklogs(
  stocks: ReadonlyMap<string, Stock>,
  oldestOf: (destination: string) => number | null,
): ReadonlyMap<string, Backlog> {
  const views = new Map<string, Backlog>();
  for (const [destination, stock] of stocks) {
    const view = {
      ...stock,
      get oldestAtMs() {
        return oldestOf(destination);
      },
    };
    views.set(destination, view);
  }
  return views;
}
