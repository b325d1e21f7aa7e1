// How many events a spool's file holds, and how many bytes: sums in the file, for which nothing has to be counted.
import type { DatabaseSync } from "node:sqlite";
import { DamageError } from "./fault.ts";

/** Rows of a file, and the payload bytes of all of them. */
export interface Sums {
  readonly rows: number;
  readonly bytes: number;
}

/** The sums of one file. Each function throws what SQLite throws. */
export interface Totals {
  read(): Sums;
  /** Adds to them, within a transaction that changes the rows. */
  add(rows: number, bytes: number): Sums;
}

/** Prepares the sums of a file that has its tables. */
export function openTotals(database: DatabaseSync): Totals {
  const read = database.prepare("SELECT rows, bytes FROM totals");
  // Before 0.2.0 bytes were counted in UTF-16 units: a backlog of that time sets them right when it is gone.
  const add = database.prepare(
    "UPDATE totals SET rows = rows + ?1, bytes = iif(rows + ?1 = 0, 0, max(0, bytes + ?2)) RETURNING rows, bytes",
  );
  // What the disk makes of a number may be one that JavaScript cannot hold.
  read.setReadBigInts(true);
  add.setReadBigInts(true);
  return {
    read: () => sumsOf(read.get()),
    add: (rows, bytes) => sumsOf(add.get(rows, bytes)),
  };
}

/**
 * Throws a `DamageError` when the sums cannot be those of a file that has an event, or has none: either they are damaged,
 * and the relay would leave events behind, or the way to the events is.
 */
export function checkSums({ rows, bytes }: Sums, hasEvents: boolean): void {
  const isRight = Number.isSafeInteger(rows) && Number.isSafeInteger(bytes) && rows > 0 === hasEvents;
  if (!isRight || rows < 0) throw new DamageError("its sums are not those of its events");
}

/** The last sequence that a file has given out. */
export function readLastSeq(database: DatabaseSync): number {
  return Number(database.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'events'").get()?.seq ?? 0);
}

/** A number that changes when another connection has written the file. */
export function readDataVersion(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA data_version").get()?.data_version);
}

function sumsOf(row: Record<string, unknown> | undefined): Sums {
  return { rows: Number(row?.rows), bytes: Number(row?.bytes) };
}
