// Reads a spool from another process while the gateway writes it: a WAL reader neither blocks nor waits.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { reasonOf } from "../log.ts";
import { faultOf, SpoolError } from "./fault.ts";
import { SPOOL_NAME } from "./name.ts";
import { QUARANTINE_COLUMNS, type Quarantined, readQuarantined } from "./quarantine.ts";
import { type DamagedRow, readRow, rowColumns, type SpooledEvent, wholeRows } from "./row.ts";
import { NOT_BEGUN } from "./salvage.ts";
import { hasTable } from "./tables.ts";
import { readLastSeq } from "./totals.ts";

/** Which events to read. */
export interface ReadSpoolOptions {
  /** Events with a greater sequence only; 0 for all. */
  readonly afterSeq: number;
  readonly limit: number;
  /** File name in the data directory. */
  readonly name?: string;
}

/**
 * The next events of a spool, oldest first; empty when there is no spool. The transaction ends before this returns, so
 * that a slow reader never keeps the writer's log from being reused. Throws a `SpoolError` for a file it cannot read.
 */
export function readSpool(dataDir: string, { afterSeq, limit, name }: ReadSpoolOptions): SpooledEvent[] {
  return withFile(join(dataDir, name ?? SPOOL_NAME), [], (file) =>
    wholeRows(selectRows(file, afterSeq, limit)),
  );
}

/** The next rows of a file that is open for reading, of whatever version its tables are. Throws what SQLite throws. */
export function selectRows(
  file: DatabaseSync,
  afterSeq: number,
  limit: number,
): (SpooledEvent | DamagedRow)[] {
  const hasSum =
    file.prepare("SELECT 1 FROM pragma_table_info('events') WHERE name = 'sum'").get() !== undefined;
  return prepareRows(file, hasSum)(afterSeq, limit);
}

/** Prepares reading the next rows of a file, oldest first: events, and rows that are none any more. */
export function prepareRows(
  file: DatabaseSync,
  hasSums: boolean,
): (afterSeq: number, limit: number) => (SpooledEvent | DamagedRow)[] {
  const rows = file.prepare(`SELECT ${rowColumns(hasSums)} FROM events WHERE seq > ? ORDER BY seq LIMIT ?`);
  // A number that the disk has changed may be one that JavaScript cannot hold.
  rows.setReadBigInts(true);
  return (afterSeq, limit) => rows.all(afterSeq, limit).map(readRow);
}

/** The next copies in quarantine, of a file that has one, and rows that are none any more. Throws what SQLite throws. */
export function selectQuarantined(
  file: DatabaseSync,
  afterSeq: number,
  limit: number,
): (Quarantined | DamagedRow)[] {
  const rows = file.prepare(
    `SELECT ${QUARANTINE_COLUMNS} FROM quarantined WHERE seq > ? ORDER BY seq LIMIT ?`,
  );
  rows.setReadBigInts(true);
  return rows.all(afterSeq, limit).map(readQuarantined);
}

/** How far a damaged file is back in its spool, which is open: a place. A spool of an earlier version has brought none back. */
export function readSalvagedSeq(spool: DatabaseSync, file: string): number {
  if (!hasTable(spool, "salvaged")) return NOT_BEGUN;
  return Number(spool.prepare("SELECT seq FROM salvaged WHERE file = ?").get(file)?.seq ?? NOT_BEGUN);
}

/** The last sequence a spool has given out: where a reader begins that wants new events only; 0 without a spool. */
export function lastSpooledSeq(dataDir: string, name: string = SPOOL_NAME): number {
  return withFile(join(dataDir, name), 0, readLastSeq);
}

function withFile<T>(path: string, missing: T, read: (file: DatabaseSync) => T): T {
  if (!existsSync(path) || statSync(path).size === 0) return missing;
  let file: DatabaseSync | undefined;
  try {
    file = new DatabaseSync(path, { readOnly: true });
    file.exec("PRAGMA busy_timeout = 1000");
    return read(file);
  } catch (error) {
    if (faultOf(error) === "busy") return missing;
    // The gateway has opened it this instant, and not yet written its tables.
    if (error instanceof Error && /no such table/.test(error.message)) return missing;
    throw new SpoolError(`Cannot read the spool "${path}": ${reasonOf(error)}`, { cause: error });
  } finally {
    file?.close();
  }
}
