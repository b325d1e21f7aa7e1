// The tables of a spool's file, of this version and of the one before it.
import { DatabaseSync } from "node:sqlite";
import { DamageError } from "./fault.ts";

/** The version of the tables below. 1: events alone. 2: with checksums. 3: with an index of copies, and a quarantine. */
export const VERSION = 3;

/** Events are the truth: a row for each, with the destinations that have not got it yet. */
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
  CREATE TABLE totals (rows INTEGER NOT NULL, bytes INTEGER NOT NULL);
  INSERT INTO totals VALUES (0, 0);
  CREATE TABLE filler (bytes BLOB);
`;
/** What version 2 had, and nobody reads any more. */
const SENT_EVENTS = "CREATE INDEX sent_events ON events (seq) WHERE sent = 1;";
/** Rows that are no events any more, as they were found; how far each damaged file is brought back. */
export const ASIDE = `
  CREATE TABLE damaged (seq INTEGER, found INTEGER, reason TEXT, id, source, type, received, sent, routes, payload, sum);
  CREATE TABLE salvaged (file TEXT PRIMARY KEY, seq INTEGER NOT NULL);
`;

/**
 * Which event waits for which destination, and the sums of each: nothing that could not be made anew from the events. In
 * memory for a file that cannot be brought up to date.
 */
export function indexTables(where: "main" | "temp"): string {
  return `
  CREATE TABLE ${where}.copies (
    destination TEXT NOT NULL,
    seq INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (destination, seq)
  ) WITHOUT ROWID;
  CREATE INDEX ${where}.sent_copies ON copies (destination, seq) WHERE sent = 1;
  CREATE TABLE ${where}.backlogs (
    destination TEXT PRIMARY KEY,
    copies INTEGER NOT NULL,
    bytes INTEGER NOT NULL
  ) WITHOUT ROWID;
`;
}

/** Copies that no stream takes. Salvage tells their rows from all others by the number of columns. */
export const QUARANTINE = `
  CREATE TABLE quarantined (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    destination TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL,
    id TEXT NOT NULL,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    received INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    payload TEXT NOT NULL,
    sum INTEGER NOT NULL
  );
  CREATE INDEX quarantined_sums ON quarantined (destination, bytes);
`;

/** All of a new file. */
export const ALL = EVENTS + ASIDE + indexTables("main") + QUARANTINE;
export const SET_VERSION = `PRAGMA user_version = ${VERSION};`;

const MODELS: Readonly<Record<number, string>> = { 2: EVENTS + SENT_EVENTS + ASIDE, [VERSION]: ALL };

/** Tables as SQLite has read them: names and types of columns, and the indices. */
const TABLES = `
  SELECT tables.name, columns.cid, columns.name AS column, columns.type, columns."notnull", columns.pk
  FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns
  WHERE tables.name NOT LIKE 'sqlite%' ORDER BY tables.name, columns.cid
`;
const INDICES = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";

function readTables(database: DatabaseSync): string {
  return JSON.stringify([database.prepare(TABLES).all(), database.prepare(INDICES).all()]);
}

const known = new Map<number, string>();

/** Throws a `DamageError` when the tables are not those of a version: with another column no row is what it was. */
export function checkTables(database: DatabaseSync, version: number): void {
  const text = MODELS[version];
  if (text === undefined) return;
  let tables = known.get(version);
  if (tables === undefined) {
    const model = new DatabaseSync(":memory:");
    model.exec(text);
    tables = readTables(model);
    model.close();
    known.set(version, tables);
  }
  if (readTables(database) !== tables) throw new DamageError("its tables are not those of a spool");
}

/** Which version has made the tables; 0 of a file without any. */
export function versionOf(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.user_version);
}

/** Whether an earlier version has made the tables, and nobody has brought them up to date. */
export function isOutdated(database: DatabaseSync): boolean {
  return versionOf(database) < VERSION;
}

/** Whether a file has a table: one whose log is missing may have none. */
export function hasTable(database: DatabaseSync, name: string): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(name) !== undefined;
}
