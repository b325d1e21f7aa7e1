// How much of a spool one destination's backlog may take, so that a dead destination leaves room for the others.
import type { Stock } from "./copies.ts";

/** What a row takes of the file beside its payload: ids, routes, its place in the index, and what pages leave unused. */
const ROW_BYTES = 300;
const NOTHING: Stock = { copies: 0, bytes: 0 };

/** Whether one more event of so many payload bytes stays within a share of so many bytes of the file. */
export function isWithinShare({ copies, bytes }: Stock, moreBytes: number, shareBytes: number): boolean {
  return bytes + moreBytes + (copies + 1) * ROW_BYTES <= shareBytes;
}

/** Both together; undefined is nothing. */
export function addStocks(one: Stock = NOTHING, other: Stock = NOTHING): Stock {
  return { copies: one.copies + other.copies, bytes: one.bytes + other.bytes };
}

/** All together. */
export function totalOf(stocks: Iterable<Stock>): Stock {
  let total = NOTHING;
  for (const stock of stocks) total = addStocks(total, stock);
  return total;
}
