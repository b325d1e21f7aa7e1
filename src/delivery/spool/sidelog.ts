// The log beside a spool's file, `-wal`: while the file is open, what was spooled last is there alone. Whether a file was
// closed cleanly stands in its header, so that a copy of the file without its log does not pass for all there was.
import { closeSync, openSync, readSync, statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { DeliveryLog } from "../log.ts";

/**
 * `whole`: the file has all, with the log where one is there. `missing`: it was not closed cleanly, and no log is there.
 * `unknown`: likewise no log, and a version before 0.2.0 has left no word on whether one belongs to it.
 */
export type SideLog = "whole" | "missing" | "unknown";

/** `PRAGMA application_id`, in ASCII: `PxgO` from the moment it is opened, `PxgC` once it is closed. */
const OPENED = 0x5078674f;
const CLOSED = 0x50786743;

const HEADER_BYTES = 100;
const MAGIC = "SQLite format 3\0";
/** The format: "File Format For SQLite Databases", section 1.3. */
const READ_VERSION_AT = 19;
const APPLICATION_ID_AT = 68;
const WAL_VERSION = 2;

/** Marks a file as opened: in the file itself, not in its log alone. Without room for that it stays as it is. */
export function markOpened(database: DatabaseSync): void {
  try {
    database.exec(`PRAGMA application_id = ${OPENED}`);
    database.exec("PRAGMA wal_checkpoint(PASSIVE)");
  } catch {
    // The mark is a warning for whoever copies the file; its events do not need it.
  }
}

/** Marks a file as closed, and closes it. */
export function closeMarked(database: DatabaseSync): void {
  try {
    // First, so that the mark goes to the front of the log and fits on a full disk, too.
    database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    database.exec(`PRAGMA application_id = ${CLOSED}`);
  } catch {
    // It stays marked as opened, which says too much rather than too little.
  }
  database.close();
}

/** Whether a file has all that was spooled into it. Not for a file that this process has open. */
export function sideLogOf(path: string): SideLog {
  if (hasLog(path)) return "whole";
  const header = readHeader(path);
  if (header === null || header[READ_VERSION_AT] !== WAL_VERSION) return "whole";
  const mark = header.readUInt32BE(APPLICATION_ID_AT);
  if (mark === CLOSED) return "whole";
  return mark === OPENED ? "missing" : "unknown";
}

/** Whether a log with something in it lies beside a file; an empty one is made by whoever reads the file. */
export function hasLog(path: string): boolean {
  return (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** Writes a warning when the log is missing beside a file that is about to be opened. */
export function warnOfMissingLog(path: string, log: DeliveryLog): void {
  if (sideLogOf(path) !== "missing") return;
  log.warn("the spool was not closed cleanly and its log is missing: what was spooled last may be lost", {
    file: path,
    missing: `${path}-wal`,
  });
}

/** Null for what is not there, or is no database. */
function readHeader(path: string): Buffer | null {
  let file: number | null = null;
  try {
    file = openSync(path, "r");
    const header = Buffer.alloc(HEADER_BYTES);
    const isWhole = readSync(file, header, 0, HEADER_BYTES, 0) === HEADER_BYTES;
    return isWhole && header.toString("latin1", 0, MAGIC.length) === MAGIC ? header : null;
  } catch {
    return null;
  } finally {
    if (file !== null) closeSync(file);
  }
}
