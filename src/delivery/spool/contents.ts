// Reads the spools of a folder, on a copy or beside the gateway that writes them, and changes nothing.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { reasonOf } from "../log.ts";
import { openAside } from "./aside.ts";
import { SpoolError, systemReason } from "./fault.ts";
import { spoolOf } from "./name.ts";
import type { Quarantined } from "./quarantine.ts";
import { readSalvagedSeq, selectQuarantined, selectRows } from "./reader.ts";
import { type DamagedRow, type SpooledEvent, wholeRows } from "./row.ts";
import { type Found, isQuarantined, NOT_BEGUN } from "./salvage.ts";
import { hasLog } from "./sidelog.ts";
import { hasTable } from "./tables.ts";

const BUSY_TIMEOUT_MS = 1000;
const BATCH = 500;

/** The names of the spool files in a folder, those set aside too. Throws a `SpoolError`. */
export function findSpoolFiles(dataDir: string): string[] {
  try {
    return readdirSync(dataDir)
      .filter((name) => spoolOf(name) !== null)
      .toSorted((one, other) => one.localeCompare(other, "en", { numeric: true }));
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === "ENOENT";
    const reason = isAbsent ? "no such folder" : systemReason(error);
    throw new SpoolError(`Cannot read the data directory "${dataDir}": ${reason}`, { cause: error });
  }
}

/** Whether a spool file was damaged and set aside. */
export function isAside(file: string): boolean {
  return spoolOf(file)?.isDamaged ?? false;
}

/** Some of what a spool file holds, and how many rows beside it are nothing any more. */
export interface Batch<T> {
  readonly found: readonly T[];
  readonly damaged: number;
}

/**
 * The events of a spool file, oldest first, a batch at a time; of one that was set aside those that are not back yet. Throws
 * a `SpoolError` for a file it cannot read.
 */
export function readEvents(dataDir: string, file: string): Generator<Batch<SpooledEvent>> {
  return read(dataDir, file, "events", selectRows, (found): found is SpooledEvent => !isQuarantined(found));
}

/** The copies in quarantine of a spool file, in the order in which they came there; otherwise as `readEvents`. */
export function readQuarantine(dataDir: string, file: string): Generator<Batch<Quarantined>> {
  return read(dataDir, file, "quarantined", selectQuarantined, isQuarantined);
}

/** Rows of a table, after a sequence, at most so many. */
type Select<T> = (file: DatabaseSync, afterSeq: number, limit: number) => (T | DamagedRow)[];

function* read<T extends Found>(
  dataDir: string,
  file: string,
  table: string,
  select: Select<T>,
  isWanted: (found: Found) => found is T,
): Generator<Batch<T>> {
  const path = join(dataDir, file);
  try {
    if (isAside(file)) yield* readAside(dataDir, file, isWanted);
    else yield* readRows(path, table, select);
  } catch (error) {
    throw new SpoolError(`Cannot read the spool "${path}": ${reasonOf(error)}`, { cause: error });
  }
}

function* readRows<T extends Found>(path: string, table: string, select: Select<T>): Generator<Batch<T>> {
  let afterSeq = 0;
  while (true) {
    // Opened for each: who reads slowly must not keep the gateway's log from being used again. There is no table in a file of
    // an earlier version, and in one whose tables are in the log beside it, when that is missing.
    const rows = withFile(path, (file) => (hasTable(file, table) ? select(file, afterSeq, BATCH) : []));
    const last = rows.at(-1);
    if (last === undefined) return;
    const found = wholeRows(rows);
    yield { found, damaged: rows.length - found.length };
    afterSeq = last.seq;
  }
}

function* readAside<T extends Found>(
  dataDir: string,
  file: string,
  isWanted: (found: Found) => found is T,
): Generator<Batch<T>> {
  const source = openAside(join(dataDir, file));
  try {
    while (!source.isReady());
    source.rewind(salvagedTo(dataDir, file));
    while (source.left() > 0) {
      const { found, damaged } = source.next(BATCH);
      yield { found: found.filter(isWanted), damaged };
    }
  } finally {
    source.close();
  }
}

/** How far a damaged file is back in its spool: a place. */
function salvagedTo(dataDir: string, file: string): number {
  const path = join(dataDir, spoolOf(file)?.spool ?? file);
  if (!existsSync(path)) return NOT_BEGUN;
  return withFile(path, (spool) => readSalvagedSeq(spool, file));
}

/** Opens a file for reading alone, and closes it again. Throws what SQLite throws. */
export function withFile<T>(path: string, read: (file: DatabaseSync) => T): T {
  const file = new DatabaseSync(locationOf(path), { readOnly: true });
  try {
    file.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    return read(file);
  } finally {
    file.close();
  }
}

/** A file without a log is nobody's now: read as it is, no log and no index is left beside it. */
function locationOf(path: string): string {
  if (hasLog(path)) return path;
  const url = pathToFileURL(path);
  url.searchParams.set("immutable", "1");
  return url.href;
}
