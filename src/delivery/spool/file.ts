// One SQLite file of spooled events: its layout, and what is done to it in one step. Throws what SQLite throws.
import { DatabaseSync } from "node:sqlite";
import type { Route } from "../../config/subject.ts";
import type { Outgoing } from "../outgoing.ts";
import { SpoolError } from "./fault.ts";

/** An event in the spool, with the routes that still have to be delivered. */
export interface SpooledEvent extends Outgoing {
  readonly seq: number;
  /** Epoch milliseconds. */
  readonly spooledAtMs: number;
}

/** An event to be spooled. */
export interface Addition {
  readonly event: Outgoing;
  readonly routes: readonly Route[];
  /** True when the stream may have it already. */
  readonly mayBeStored: boolean;
}

/** What one transaction does. */
export interface Change {
  readonly added: readonly Addition[];
  /** Rows to delete: sequence and payload bytes. */
  readonly removed: ReadonlyMap<number, number>;
  /** Rows that stay for fewer routes. */
  readonly kept: ReadonlyMap<number, readonly Route[]>;
  readonly nowMs: number;
}

/** Which rows to read. */
export interface ReadOptions {
  /** Rows with a greater sequence only. */
  readonly afterSeq: number;
  readonly limit: number;
  /** Only events that may be in the stream already: the duplicate window is open for them and closing. */
  readonly onlyMaybeStored?: boolean;
}

/** A spool's file, open for the one process that writes it. */
export interface SpoolFile {
  readonly rows: number;
  /** Payload bytes of all rows. */
  readonly bytes: number;
  /** When the oldest row was spooled, epoch milliseconds; null when there is none. */
  readonly oldestAt: number | null;
  /** One transaction and one fsync: all of it is safe on disk afterwards, or none of it when this throws. */
  write(change: Change): void;
  /** The next rows, oldest first. */
  read(options: ReadOptions): SpooledEvent[];
  /** Throws unless the file and the disk have room for an event of 16 KiB. */
  probeRoom(): void;
  /** Gives a piece of the room of an empty file back to the disk; false when there is no more to give. */
  shrink(): boolean;
  close(): void;
}

const VERSION = 1;
const PAGE_BYTES = 4096;
/** Past this the log is copied into the file: bounds what a reader or a crash can make of it. */
const CHECKPOINT_PAGES = 1000;
const BUSY_TIMEOUT_MS = 1000;
/** Pages given back at a time, and how many stay for the next outage: 8 and 4 MiB. */
const SHRINK_PAGES = 2000;
const KEPT_PAGES = 1024;

const SETTINGS = `
  PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS};
  PRAGMA page_size = ${PAGE_BYTES};
  PRAGMA auto_vacuum = INCREMENTAL;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
`;
const LAYOUT = `
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    received INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    routes TEXT NOT NULL,
    payload TEXT NOT NULL
  );
  CREATE INDEX sent_events ON events (seq) WHERE sent = 1;
  CREATE TABLE totals (rows INTEGER NOT NULL, bytes INTEGER NOT NULL);
  INSERT INTO totals VALUES (0, 0);
  CREATE TABLE filler (bytes BLOB);
  PRAGMA user_version = ${VERSION};
`;
/** What `toSpooledEvent` needs of a row. */
export const EVENT_COLUMNS = "seq, id, source, type, received, routes, payload";

/** Opens or creates the file for the one process that writes it; at most `maxBytes` long, its log beside it. */
export function openSpoolFile(path: string, maxBytes: number, nowMs: number): SpoolFile {
  const database = openDatabase(path, maxBytes, nowMs);
  const insert = database.prepare(
    "INSERT INTO events (id, source, type, received, sent, routes, payload) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const remove = database.prepare("DELETE FROM events WHERE seq = ?");
  const keep = database.prepare("UPDATE events SET routes = ? WHERE seq = ?");
  // Sums in the file, so that two gateways on one file by mistake still count right. Before 0.2.0 bytes were counted in
  // UTF-16 units: a backlog of that time sets them right when it is gone.
  const add = database.prepare(
    "UPDATE totals SET rows = rows + ?1, bytes = iif(rows + ?1 = 0, 0, max(0, bytes + ?2)) RETURNING rows, bytes",
  );
  const select = (where: string) =>
    database.prepare(`SELECT ${EVENT_COLUMNS} FROM events WHERE ${where} seq > ? ORDER BY seq LIMIT ?`);
  const next = select("");
  const nextMaybeStored = select("sent = 1 AND");
  const oldest = database.prepare("SELECT received FROM events ORDER BY seq LIMIT 1");
  let { rows, bytes } = readTotals(database.prepare("SELECT rows, bytes FROM totals").get());
  let oldestAt = readOldest();

  function readOldest(): number | null {
    const received = oldest.get()?.received;
    return received === undefined ? null : Number(received);
  }

  function change({ added, removed, kept, nowMs }: Change): unknown {
    let moreRows = 0;
    let moreBytes = 0;
    for (const [seq, size] of removed) {
      if (remove.run(seq).changes === 0) continue;
      moreRows--;
      moreBytes -= size;
    }
    for (const [seq, routes] of kept) keep.run(routesText(routes), seq);
    for (const { event, routes, mayBeStored } of added) {
      const { id, sourceId, type, payload, payloadBytes } = event;
      insert.run(id, sourceId, type, nowMs, mayBeStored ? 1 : 0, routesText(routes), payload);
      moreRows++;
      moreBytes += payloadBytes;
    }
    return add.get(moreRows, moreBytes);
  }

  return {
    get rows() {
      return rows;
    },
    get bytes() {
      return bytes;
    },
    get oldestAt() {
      return oldestAt;
    },
    write: (whole) => {
      let totals: unknown;
      database.exec("BEGIN IMMEDIATE");
      try {
        totals = change(whole);
        database.exec("COMMIT");
      } catch (error) {
        try {
          database.exec("ROLLBACK");
        } catch {
          // SQLite has rolled back by itself.
        }
        throw error;
      }
      ({ rows, bytes } = readTotals(totals));
      if (whole.removed.size > 0) oldestAt = readOldest();
      else if (oldestAt === null && whole.added.length > 0) oldestAt = whole.nowMs;
    },
    read: ({ afterSeq, limit, onlyMaybeStored }) =>
      (onlyMaybeStored ? nextMaybeStored : next).all(afterSeq, limit).map(toSpooledEvent),
    probeRoom: () => {
      database.exec("INSERT INTO filler VALUES (zeroblob(16384))");
      database.exec("DELETE FROM filler");
    },
    shrink: () => {
      const pages = Number(database.prepare("PRAGMA page_count").get()?.page_count ?? 0);
      if (rows > 0 || pages <= KEPT_PAGES) return false;
      database.exec(`PRAGMA incremental_vacuum(${SHRINK_PAGES})`);
      return true;
    },
    close: () => database.close(),
  };
}

function openDatabase(path: string, maxBytes: number, nowMs: number): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec(SETTINGS);
    database.exec(`PRAGMA max_page_count = ${Math.max(16, Math.floor(maxBytes / PAGE_BYTES))}`);
    const version = Number(database.prepare("PRAGMA user_version").get()?.user_version);
    if (version > VERSION) throw new SpoolError("a newer Pixelgate wrote it");
    if (version === 0) {
      database.exec("BEGIN IMMEDIATE");
      database.exec(LAYOUT);
      // Sequences go on from file to file, so that who follows them never sees one twice.
      database.prepare("INSERT INTO sqlite_sequence VALUES ('events', ?)").run(nowMs * 1000);
      database.exec("COMMIT");
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

/** An event from its row. */
export function toSpooledEvent(row: Record<string, unknown>): SpooledEvent {
  const routes = JSON.parse(String(row.routes)) as [string, string][];
  const payload = String(row.payload);
  return {
    seq: Number(row.seq),
    id: String(row.id),
    sourceId: String(row.source),
    type: row.type === "track" ? "track" : "page",
    spooledAtMs: Number(row.received),
    payload,
    payloadBytes: Buffer.byteLength(payload),
    routes: routes.map(([destinationId, subject]) => ({ destinationId, subject })),
  };
}

/** A source's routes are one object for all of its events: their text is made once. */
const routeTexts = new WeakMap<readonly Route[], string>();

function routesText(routes: readonly Route[]): string {
  let text = routeTexts.get(routes);
  if (text === undefined) {
    text = JSON.stringify(routes.map(({ destinationId, subject }) => [destinationId, subject]));
    routeTexts.set(routes, text);
  }
  return text;
}

function readTotals(row: unknown): { rows: number; bytes: number } {
  const { rows, bytes } = (row ?? {}) as { rows?: number | bigint; bytes?: number | bigint };
  return { rows: Number(rows ?? 0), bytes: Number(bytes ?? 0) };
}
