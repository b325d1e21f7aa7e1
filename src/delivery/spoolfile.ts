// One SQLite file of spooled events: its layout, how it is opened, and which of its errors mean what.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Outgoing } from "./delivery.ts";

/** A spool that cannot be opened; the message is one line for a person. */
export class SpoolError extends Error {}

/** An event in the spool, with the routes that still have to be delivered. */
export interface SpooledEvent extends Outgoing {
  readonly seq: number;
  /** When it was spooled, epoch milliseconds. */
  readonly receivedAt: number;
}

/** The file of a gateway with one process; further workers have names of their own. */
export const SPOOL_NAME = "spool.db";

/**
 * `full`: no room in the file's bound or on the disk. `damaged`: not a database any more. `busy`: locked by another
 * process. `faulty`: the disk reports errors. `other`: a bug.
 */
export type FileFault = "full" | "damaged" | "busy" | "faulty" | "other";

const VERSION = 1;
const PAGE_BYTES = 4096;
/** Past this the log is copied into the file: bounds what a reader or a crash can make of it. */
const CHECKPOINT_PAGES = 1000;
const BUSY_TIMEOUT_MS = 1000;

const LAYOUT = `
  CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    received INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    routes TEXT NOT NULL,
    payload TEXT NOT NULL
  );
  CREATE INDEX IF NOT EXISTS sent_events ON events (seq) WHERE sent = 1;
  CREATE TABLE IF NOT EXISTS totals (rows INTEGER NOT NULL, bytes INTEGER NOT NULL);
  INSERT INTO totals VALUES (0, 0);
  CREATE TABLE IF NOT EXISTS filler (bytes BLOB);
`;

/** Opens or creates the file for the one process that writes it; throws what SQLite throws. */
export function openSpoolFile(path: string, maxBytes: number, nowMs: number): DatabaseSync {
  const file = new DatabaseSync(path);
  try {
    file.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    file.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
    // Gives room back to the disk after a long outage; it has to be set before the first table.
    file.exec("PRAGMA auto_vacuum = INCREMENTAL");
    file.exec("PRAGMA journal_mode = WAL");
    file.exec("PRAGMA synchronous = FULL");
    file.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    file.exec(`PRAGMA max_page_count = ${Math.max(16, Math.floor(maxBytes / PAGE_BYTES))}`);
    const version = Number(file.prepare("PRAGMA user_version").get()?.user_version);
    if (version > VERSION)
      throw new SpoolError(`Cannot open the spool "${path}": a newer Pixelgate wrote it`);
    if (version === 0) {
      file.exec("BEGIN IMMEDIATE");
      file.exec(LAYOUT);
      // Sequences go on from file to file, so that who follows them never sees one twice.
      file.prepare("INSERT INTO sqlite_sequence VALUES ('events', ?)").run(nowMs * 1000);
      file.exec(`PRAGMA user_version = ${VERSION}`);
      file.exec("COMMIT");
    }
    // Reads a page at either end: a file cut short or overwritten shows here rather than under load.
    file.prepare("SELECT rows, bytes FROM totals").get();
    file.prepare("SELECT payload FROM events ORDER BY seq LIMIT 1").get();
    file.prepare("SELECT payload FROM events ORDER BY seq DESC LIMIT 1").get();
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Creates the folder of the spool; throws a `SpoolError`. */
export function prepareFolder(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true });
  } catch (error) {
    throw new SpoolError(`Cannot create the data directory "${dataDir}": ${systemReason(error)}`);
  }
}

export function spoolPath(dataDir: string, name: string): string {
  return join(dataDir, name);
}

/** Throws unless the file and the disk have room for an event of 16 KiB. */
export function probeRoom(file: DatabaseSync): void {
  file.exec("INSERT INTO filler VALUES (zeroblob(16384))");
  file.exec("DELETE FROM filler");
}

/** What an error of SQLite means for us. Deno gives no code for an error at opening, only the text. */
export function faultOf(error: unknown): FileFault {
  if (!(error instanceof Error)) return "other";
  const code = (error as { errcode?: unknown }).errcode;
  switch (typeof code === "number" ? code & 0xff : -1) {
    case 13:
      return "full";
    case 11:
    case 26:
      return "damaged";
    case 5:
    case 6:
      return "busy";
    case 8:
    case 10:
    case 14:
      return "faulty";
  }
  const text = error.message;
  if (/disk is full|no space left/i.test(text)) return "full";
  if (/malformed|not a database|no such (table|column)|incomplete/i.test(text)) return "damaged";
  if (/locked/i.test(text)) return "busy";
  if (/unable to open|disk I\/O|readonly/i.test(text)) return "faulty";
  return "other";
}

function systemReason(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "EROFS") return "the file system is read-only";
  if (code === "EEXIST" || code === "ENOTDIR") return "it is not a directory";
  if (code === "ENOSPC") return "no space left on the disk";
  return error instanceof Error ? error.message : String(error);
}

/** An event from its row. */
export function toSpooledEvent(row: Record<string, unknown>): SpooledEvent {
  const routes = JSON.parse(String(row.routes)) as [string, string][];
  return {
    seq: Number(row.seq),
    id: String(row.id),
    sourceId: String(row.source),
    type: row.type === "track" ? "track" : "page",
    receivedAt: Number(row.received),
    payload: String(row.payload),
    routes: routes.map(([destinationId, subject]) => ({ destinationId, subject })),
  };
}
