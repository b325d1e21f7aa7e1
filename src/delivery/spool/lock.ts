// One process on a data directory: a lock that the system gives back when its holder ends, however it ends. It is a SQLite
// file, since that locks alike on every runtime: a transaction that stays open keeps others from writing the file, and
// lets them read who it is. For disks of this machine: on a network's, locks are what its server makes of them.
import { rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { reasonOf } from "../log.ts";
import { faultOf, SpoolError, systemReason } from "./fault.ts";
import { LOCK_NAME } from "./name.ts";
import { inodeOf } from "./place.ts";
import { createPrivateFile } from "./private.ts";

/** A lock that is held until it is released, or until the process ends. */
export interface Lock {
  /** Whether its file is still where others look for it: else it keeps nobody away. */
  isThere(): boolean;
  release(): void;
}

/** Who holds a lock, as its file tells. */
interface Holder {
  /** Such as `the gateway`. */
  readonly who: string;
  readonly pid: number;
  readonly host: string;
  /** ISO 8601. */
  readonly since: string;
}

const LAYOUT =
  "CREATE TABLE IF NOT EXISTS holder (who TEXT NOT NULL, pid INTEGER NOT NULL, host TEXT NOT NULL, since TEXT NOT NULL)";
/** How long whoever reads the holder's row may keep it from being written. */
const WRITE_TIMEOUT_MS = 1000;

/** A database that nobody refers to is closed at some time, and its lock with it. */
const held = new Set<DatabaseSync>();

/**
 * Locks a folder for this process, which `who` names to others. Throws a `SpoolError` when another process holds it; null
 * where the disk has no room for the file, since what is in the spool must be relayed all the same.
 */
export function lockFolder(dataDir: string, who: string): Lock | null {
  const path = join(dataDir, LOCK_NAME);
  const failure = createPrivateFile(path);
  if (failure !== null && faultOf(failure) === "full") return null;
  if (failure !== null) throw refusal(dataDir, systemReason(failure), failure);
  const since = new Date().toISOString();
  const database = open(dataDir, path, { who, pid: process.pid, host: hostname(), since });
  held.add(database);
  const inode = inodeOf(path);
  return {
    isThere: () => inodeOf(path) === inode,
    release: () => {
      if (held.delete(database)) database.close();
    },
  };
}

function open(dataDir: string, path: string, own: Holder): DatabaseSync {
  try {
    return hold(path, own);
  } catch (error) {
    const fault = faultOf(error);
    if (fault === "busy") throw refusal(dataDir, describeHolder(path), error);
    if (fault !== "damaged") throw refusal(dataDir, `${LOCK_NAME}: ${reasonOf(error)}`, error);
  }
  // What is in it is not worth more than a start.
  rmSync(path, { force: true });
  createPrivateFile(path);
  try {
    return hold(path, own);
  } catch (error) {
    throw refusal(dataDir, `${LOCK_NAME}: ${reasonOf(error)}`, error);
  }
}

function refusal(dataDir: string, reason: string, cause: unknown): SpoolError {
  return new SpoolError(`Cannot use the data directory "${dataDir}": ${reason}`, { cause });
}

/** Throws what SQLite throws, so `busy` when another process has the lock. */
function hold(path: string, own: Holder): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    // In memory: on a full disk there is no room to write what a rollback would need. Nor is there need for it: a file that
    // a kill has left half written is begun anew.
    database.exec("PRAGMA journal_mode = MEMORY");
    begin(database);
    // Between the end of the transaction that writes the row and the one that is held, another may have been first.
    while (!isSame(readHolder(database), own)) {
      const isWritten = write(database, own);
      begin(database);
      // On a full disk the lock alone must do.
      if (!isWritten) break;
    }
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function begin(database: DatabaseSync): void {
  database.exec("PRAGMA busy_timeout = 0");
  database.exec("BEGIN IMMEDIATE");
}

/** Ends the transaction, with the row where it can be written. */
function write(database: DatabaseSync, { who, pid, host, since }: Holder): boolean {
  try {
    database.exec(`PRAGMA busy_timeout = ${WRITE_TIMEOUT_MS}`);
    database.exec(LAYOUT);
    database.exec("DELETE FROM holder");
    database.prepare("INSERT INTO holder VALUES (?, ?, ?, ?)").run(who, pid, host, since);
    database.exec("COMMIT");
    return true;
  } catch (error) {
    const fault = faultOf(error);
    if (fault === "damaged") throw error;
    try {
      database.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back by itself.
    }
    return false;
  }
}

/** Null while there is no row. */
function readHolder(database: DatabaseSync): Holder | null {
  const hasTable = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'holder'").get() !== undefined;
  const row = hasTable ? database.prepare("SELECT who, pid, host, since FROM holder").get() : undefined;
  if (row === undefined) return null;
  const { who, pid, host, since } = row;
  return { who: String(who), pid: Number(pid), host: String(host), since: String(since) };
}

function isSame(one: Holder | null, other: Holder): boolean {
  return one?.pid === other.pid && one.host === other.host && one.since === other.since;
}

/** The holder as it has named itself. A row of one that is gone is no answer: the present one could write none. */
function describeHolder(path: string): string {
  const holder = askHolder(path);
  if (holder === null || !mayLive(holder)) return "another process holds it";
  const { who, pid, host, since } = holder;
  return `${who} with pid ${pid} on host ${host} holds it since ${since}`;
}

function askHolder(path: string): Holder | null {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(path, { readOnly: true });
    database.exec(`PRAGMA busy_timeout = ${WRITE_TIMEOUT_MS}`);
    return readHolder(database);
  } catch {
    return null;
  } finally {
    database?.close();
  }
}

function mayLive({ pid, host }: Holder): boolean {
  if (host !== hostname()) return true;
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
