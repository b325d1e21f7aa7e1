// How much of a spool one destination's backlog may take, so that a dead destination leaves room for the others.
import type { Stock } from "./stock.ts";

/** What a row has beside its payload, about: ids, routes, the sum; and what the index of copies has for it. */
const ROW_BYTES = 140;
const INDEX_BYTES = 45;
/** A page of rows without its header, and what it takes of the file. */
const [ROOM_BYTES, PAGE_BYTES] = [4088, 4096];

/** Whether one more event of so many payload bytes stays within a share of so many bytes of the file. */
export function isWithinShare({ copies, bytes }: Stock, moreBytes: number, shareBytes: number): boolean {
  return fileBytes(copies + 1, bytes + moreBytes) <= shareBytes;
}

/**
 * What so many events take of a file. Payloads alone would say half of it for those of 2 KB: a row is not split over pages
 * until it is larger than one, and of two such rows the second begins another page.
 */
export function fileBytes(copies: number, payloadBytes: number): number {
  const row = payloadBytes / copies + ROW_BYTES;
  const rows = Math.floor(ROOM_BYTES / row);
  return copies * ((rows >= 1 ? PAGE_BYTES / rows : row + PAGE_BYTES / 2) + INDEX_BYTES);
}
