// Reads the spools of a folder, on a copy or beside the gateway that writes them, and changes nothing.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { reasonOf } from "../log.ts";
import { SpoolError, systemReason } from "./fault.ts";
import { spoolOf } from "./name.ts";
import { openQuarantined } from "./quarantine.ts";
import { selectRows } from "./reader.ts";
import { DamagedRow, type SpooledEvent } from "./row.ts";
import { hasLog } from "./sidelog.ts";

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

/** Some events of a spool file, and how many rows beside them are no events any more. */
export interface Batch {
  readonly events: readonly SpooledEvent[];
  readonly damaged: number;
}

/**
 * The events of a spool file, oldest first, a batch at a time; of one that was set aside those that are not back yet. Throws
 * a `SpoolError` for a file it cannot read.
 */
export function* readEvents(dataDir: string, file: string): Generator<Batch> {
  const path = join(dataDir, file);
  try {
    yield* isAside(file) ? readAside(dataDir, file) : readRows(path);
  } catch (error) {
    throw new SpoolError(`Cannot read the spool "${path}": ${reasonOf(error)}`, { cause: error });
  }
}

function* readRows(path: string): Generator<Batch> {
  let afterSeq = 0;
  while (true) {
    // Opened for each: who reads slowly must not keep the gateway's log from being used again.
    const rows = withFile(path, (file) => readSome(file, afterSeq));
    const last = rows.at(-1);
    if (last === undefined) return;
    const events = rows.filter((row): row is SpooledEvent => !(row instanceof DamagedRow));
    yield { events, damaged: rows.length - events.length };
    afterSeq = last.seq;
  }
}

/** None for a file whose tables are in the log beside it, when that is missing. */
function readSome(file: DatabaseSync, afterSeq: number): (SpooledEvent | DamagedRow)[] {
  return hasTable(file, "events") ? selectRows(file, afterSeq, BATCH) : [];
}

function* readAside(dataDir: string, file: string): Generator<Batch> {
  const source = openQuarantined(join(dataDir, file));
  try {
    while (!source.isReady());
    source.rewind(salvagedSeq(dataDir, file));
    while (source.left() > 0) yield source.next(BATCH);
  } finally {
    source.close();
  }
}

/** How far a damaged file is back in its spool: a sequence. */
function salvagedSeq(dataDir: string, file: string): number {
  const path = join(dataDir, spoolOf(file)?.spool ?? file);
  if (!existsSync(path)) return 0;
  return withFile(path, (spool) => {
    if (!hasTable(spool, "salvaged")) return 0;
    return Number(spool.prepare("SELECT seq FROM salvaged WHERE file = ?").get(file)?.seq ?? 0);
  });
}

/** Whether a file has a table: one whose log is missing may have none. */
export function hasTable(file: DatabaseSync, name: string): boolean {
  return file.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(name) !== undefined;
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
