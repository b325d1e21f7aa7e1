// The tables of a spool's file: made when it is new, brought up to date when an earlier version has made it.
import { DatabaseSync } from "node:sqlite";
import { DamageError, SpoolError } from "./fault.ts";
import { createPrivateFile } from "./private.ts";

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

const VERSION = 2;
/** Salvage reads pages of this size. */
export const PAGE_BYTES = 4096;
/** Past this the log is copied into the file: bounds what a reader or a crash can make of it. */
const CHECKPOINT_PAGES = 1000;
const BUSY_TIMEOUT_MS = 1000;

const EVENTS = `
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    received INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    routes TEXT NOT NULL,
    payload TEXT NOT NULL,
    sum INTEGER
  );
  CREATE INDEX sent_events ON events (seq) WHERE sent = 1;
  CREATE TABLE totals (rows INTEGER NOT NULL, bytes INTEGER NOT NULL);
  INSERT INTO totals VALUES (0, 0);
  CREATE TABLE filler (bytes BLOB);
`;
/** Rows that are no events any more, as they were found; how far each damaged file is brought back. */
const ASIDE = `
  CREATE TABLE damaged (seq INTEGER, found INTEGER, reason TEXT, id, source, type, received, sent, routes, payload, sum);
  CREATE TABLE salvaged (file TEXT PRIMARY KEY, seq INTEGER NOT NULL);
`;

/** Opens or creates the database; throws what SQLite throws, and a `SpoolError` for a file of a later version. */
export function openDatabase(path: string, options: OpenOptions): DatabaseSync {
  const { maxBytes, afterSeq, isExclusive } = options;
  createPrivateFile(path);
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    if (isExclusive) database.exec("PRAGMA locking_mode = EXCLUSIVE");
    const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
    if (version > VERSION) throw new SpoolError("a newer Pixelgate wrote it");
    // On a file that is there already these would write, for nothing, and a full disk would keep it closed.
    if (version === 0) database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL`);
    if (!isExclusive) database.exec("PRAGMA journal_mode = WAL");
    database.exec(`
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      PRAGMA max_page_count = ${Math.max(16, Math.floor(maxBytes / PAGE_BYTES))};
    `);
    if (version === 0) {
      transact(database, () => {
        database.exec(EVENTS + ASIDE + SET_VERSION);
        database.prepare("INSERT INTO sqlite_sequence VALUES ('events', ?)").run(afterSeq);
      });
    }
    if (version === VERSION) {
      checkTables(database);
      renumber(database);
    }
    // Reads a page at either end: a file cut short or overwritten shows here rather than under load.
    database.prepare("SELECT payload FROM events ORDER BY seq LIMIT 1").get();
    database.prepare("SELECT payload FROM events ORDER BY seq DESC LIMIT 1").get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Tables as SQLite has read them: names and types of columns, and the indices. */
const TABLES = `
  SELECT tables.name, columns.cid, columns.name AS column, columns.type, columns."notnull", columns.pk
  FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
  WHERE tables.name NOT LIKE 'sqlite%' ORDER BY tables.name, columns.cid
`;
const INDICES = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL";

function readTables(database: DatabaseSync): string {
  return JSON.stringify([database.prepare(TABLES).all(), database.prepare(INDICES).all()]);
}

let tables: string | null = null;

/** Throws a `DamageError` when the tables are not those that we make: with another column no row is what it was. */
function checkTables(database: DatabaseSync): void {
  if (tables === null) {
    const model = new DatabaseSync(":memory:");
    model.exec(EVENTS + ASIDE);
    tables = readTables(model);
    model.close();
  }
  if (readTables(database) !== tables) throw new DamageError("its tables are not those of a spool");
}

const SET_VERSION = `PRAGMA user_version = ${VERSION};`;

/** Brings the tables of version 1 up to date. Throws on a disk without room: such a file can be relayed from as it is. */
export function upgrade(database: DatabaseSync): void {
  transact(database, () =>
    database.exec(`ALTER TABLE events ADD COLUMN sum INTEGER; ${ASIDE} ${SET_VERSION}`),
  );
  renumber(database);
}

/** Whether an earlier version has made the tables, and nobody has brought them up to date. */
export function isOutdated(database: DatabaseSync): boolean {
  return Number(database.prepare("PRAGMA user_version").get()?.user_version) < VERSION;
}

/**
 * Sequences once came from the clock: one that was wrong by centuries gave numbers that JavaScript cannot hold. Such a
 * file is numbered anew, in its order.
 */
function renumber(database: DatabaseSync): void {
  const isBeyond = database
    .prepare("SELECT 1 FROM sqlite_sequence WHERE name = 'events' AND seq > ?")
    .get(Number.MAX_SAFE_INTEGER);
  if (isBeyond === undefined) return;
  transact(database, () => {
    // By way of negative numbers, so that none is given twice.
    database.exec(`
      UPDATE events SET seq = -row FROM (SELECT seq AS old, row_number() OVER (ORDER BY seq) AS row FROM events)
        WHERE seq = old;
      UPDATE events SET seq = -seq;
      UPDATE sqlite_sequence SET seq = (SELECT ifnull(max(seq), 0) FROM events) WHERE name = 'events';
    `);
  });
}

/** Does all of it or, when it throws, nothing. */
export function transact<T>(database: DatabaseSync, act: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = act();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    try {
      database.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back by itself.
    }
    throw error;
  }
}
