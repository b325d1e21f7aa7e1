// How a spool's file is opened: its pages, its bound, its log, and tables that are those of its version.
import { DatabaseSync } from "node:sqlite";
import { SpoolError } from "./fault.ts";
import { createPrivateFile } from "./private.ts";
import { ALL, checkTables, SET_VERSION, VERSION, versionOf } from "./tables.ts";
import { transact } from "./transaction.ts";

/** How the file may be opened. */
export interface OpenOptions {
  /** Bound of the file in bytes. */
  readonly maxBytes: number;
  /** The last sequence given out by the file before it; a new file goes on from there. */
  readonly afterSeq: number;
  /**
   * For this process alone, without the index that others need to read beside us: a disk without room for that index
   * can still be read, and so relayed from.
   */
  readonly isExclusive: boolean;
}

/** Salvage reads pages of this size. */
export const PAGE_BYTES = 4096;
/**
 * Past this the log is copied into the file, which holds the event loop: at 4,000 events a second the longest halts are 4 to 8
 * ms, with 1,000 pages 7 to 15 ms, for 3 % less CPU an event. Bounds as well what a reader or a crash can make of the log.
 */
const CHECKPOINT_PAGES = 200;
const BUSY_TIMEOUT_MS = 1000;

/** The command that bounds the file to so many bytes, for one connection: each needs it. */
export function boundTo(maxBytes: number): string {
  return `PRAGMA max_page_count = ${Math.max(16, Math.floor(maxBytes / PAGE_BYTES))};`;
}

/** Opens or creates the database; throws what SQLite throws, and a `SpoolError` for a file of a later version. */
export function openDatabase(path: string, options: OpenOptions): DatabaseSync {
  const { maxBytes, afterSeq, isExclusive } = options;
  createPrivateFile(path);
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    if (isExclusive) database.exec("PRAGMA locking_mode = EXCLUSIVE");
    const version = versionOf(database);
    if (version > VERSION) throw new SpoolError("a newer Pixelgate wrote it");
    // On a file that is there already these would write, for nothing, and a full disk would keep it closed.
    if (version === 0) database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL`);
    if (!isExclusive) database.exec("PRAGMA journal_mode = WAL");
    database.exec(`
      PRAGMA synchronous = FULL;
      PRAGMA temp_store = MEMORY;
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      ${boundTo(maxBytes)}
    `);
    if (version === 0) {
      transact(database, () => {
        database.exec(ALL + SET_VERSION);
        database.prepare("INSERT INTO sqlite_sequence VALUES ('events', ?)").run(afterSeq);
      });
    } else checkTables(database, version);
    // Reads a page at either end: a file cut short or overwritten shows here rather than under load.
    database.prepare("SELECT payload FROM events ORDER BY seq LIMIT 1").get();
    database.prepare("SELECT payload FROM events ORDER BY seq DESC LIMIT 1").get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
