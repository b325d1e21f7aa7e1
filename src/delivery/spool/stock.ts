// Copies and their bytes, counted and added up.

/** Copies, and the payload bytes of all of them. */
export interface Stock {
  readonly copies: number;
  readonly bytes: number;
}

/** No copy at all. */
export const NO_STOCK: Stock = { copies: 0, bytes: 0 };

/** Both together; undefined is nothing. */
export function addStocks(one: Stock = NO_STOCK, other: Stock = NO_STOCK): Stock {
  return { copies: one.copies + other.copies, bytes: one.bytes + other.bytes };
}

/** All together. */
export function totalOf(stocks: Iterable<Stock>): Stock {
  let total = NO_STOCK;
  for (const stock of stocks) total = addStocks(total, stock);
  return total;
}
