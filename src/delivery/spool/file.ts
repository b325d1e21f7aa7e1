// One SQLite file of spooled events, and what is done to it in one step. Throws what SQLite throws.
import type { Address } from "../../config/subject.ts";
import type { Outgoing } from "../outgoing.ts";
import { DamageError, faultOf } from "./fault.ts";
import { isOutdated, type OpenOptions, openDatabase, transact, upgrade } from "./layout.ts";
import { checksumOf, type DamagedRow, ROW_COLUMNS, readRow, type SpooledEvent, writeRoutes } from "./row.ts";
import { closeMarked, markOpened } from "./sidelog.ts";
import { checkSums, countDamaged, openTotals, readLastSeq, type Sums } from "./totals.ts";

/** An event to be spooled. */
export interface Addition {
  readonly event: Omit<Outgoing, "routes">;
  readonly routes: readonly Address[];
  /** True when the stream may have it already. */
  readonly mayBeStored: boolean;
  /** Where it was salvaged from: with it goes how far that is done. */
  readonly salvagedFrom?: { readonly file: string; readonly seq: number } | undefined;
}

/** A row that stays for fewer routes. */
export interface KeptRow {
  readonly event: SpooledEvent;
  readonly routes: readonly Address[];
}

/** What one transaction does. */
export interface Change {
  readonly added: readonly Addition[];
  /** Rows to delete: sequence and payload bytes. */
  readonly removed: ReadonlyMap<number, number>;
  /** Rows that stay for fewer routes, by their sequence. */
  readonly kept: ReadonlyMap<number, KeptRow>;
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
  /** The last sequence given out. */
  readonly lastSeq: number;
  /** Rows that are no events any more and were set aside. */
  readonly damagedRows: number;
  /** True for what stands in for a file that cannot be made. */
  readonly isAbsent: boolean;
  /** One transaction and one fsync: all of it is safe on disk afterwards, or none of it when this throws. */
  write(change: Change): void;
  /** The next rows, oldest first: events, and rows that are none any more. */
  read(options: ReadOptions): (SpooledEvent | DamagedRow)[];
  /** Puts a row that is no event aside, with all that it holds. */
  setAside(row: DamagedRow, nowMs: number): void;
  /** How far the salvage of a damaged file is done: the last sequence; 0 before it has begun. */
  salvagedSeq(file: string): number;
  /** Throws unless the file and the disk have room for an event of 16 KiB. */
  probeRoom(): void;
  /** Gives a piece of the room of an empty file back to the disk; false when there is no more to give. */
  shrink(): boolean;
  close(): void;
}

/** What is known of a file without a look at it. */
type State = Sums & { readonly oldestAt: number | null };

/** Pages given back at a time (8 MiB), and how many stay for the next outage (4 MiB). */
const [SHRINK_PAGES, KEPT_PAGES] = [2000, 1024];

/** Opens or creates the file for the one process that writes it; at most `maxBytes` long, its log beside it. */
export function openSpoolFile(path: string, options: OpenOptions): SpoolFile {
  const database = openDatabase(path, options);
  let isUpToDate = !isOutdated(database);
  if (!isUpToDate) tryUpgrade();
  markOpened(database);
  let reads = prepareReads();
  const remove = database.prepare("DELETE FROM events WHERE seq = ?");
  const totals = openTotals(database);
  let writes = isUpToDate ? prepareWrites() : null;
  let { rows, bytes } = totals.read();
  let lastSeq = readLastSeq(database);
  let damagedRows = isUpToDate ? countDamaged(database) : 0;
  let oldestAt = readOldest();
  try {
    checkSums({ rows, bytes }, oldestAt !== null);
  } catch (error) {
    database.close();
    throw error;
  }

  function prepareReads() {
    const columns = isUpToDate ? ROW_COLUMNS : ROW_COLUMNS.replace("sum", "NULL AS sum");
    const prepare = (text: string) => {
      const statement = database.prepare(text);
      // A number that the disk has changed may be one that JavaScript cannot hold: that is no reason to read nothing.
      statement.setReadBigInts(true);
      return statement;
    };
    return {
      next: prepare(`SELECT ${columns} FROM events WHERE seq > ? ORDER BY seq LIMIT ?`),
      nextMaybeStored: prepare(
        `SELECT ${columns} FROM events WHERE sent = 1 AND seq > ? ORDER BY seq LIMIT ?`,
      ),
      oldest: prepare("SELECT received FROM events ORDER BY seq LIMIT 1"),
    };
  }

  function prepareWrites() {
    return {
      insert: database.prepare(
        "INSERT INTO events (id, source, type, received, sent, routes, payload, sum) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      ),
      keep: database.prepare("UPDATE events SET routes = ?, sum = ? WHERE seq = ?"),
      setAside: database.prepare(
        `INSERT INTO damaged SELECT seq, ?, ?, id, source, type, received, sent, routes, payload, sum
         FROM events WHERE seq = ?`,
      ),
      salvaged: database.prepare(
        "INSERT INTO salvaged VALUES (?, ?) ON CONFLICT (file) DO UPDATE SET seq = excluded.seq",
      ),
    };
  }

  /** Without room to bring the tables up to date its events can still be read and relayed. */
  function tryUpgrade(): void {
    try {
      upgrade(database);
      isUpToDate = true;
    } catch (error) {
      if (faultOf(error) !== "full") throw error;
    }
  }

  function writesOf(): ReturnType<typeof prepareWrites> {
    if (writes !== null) return writes;
    upgrade(database);
    isUpToDate = true;
    reads = prepareReads();
    writes = prepareWrites();
    return writes;
  }

  function readOldest(): number | null {
    const received = reads.oldest.get()?.received;
    return received === undefined ? null : Number(received);
  }

  /** The sums after a change, within its transaction: what is not right undoes it. */
  function settle(moreRows: number, moreBytes: number, hasRemoved: boolean): State {
    const sums = totals.add(moreRows, moreBytes);
    const oldest = hasRemoved || oldestAt === null ? readOldest() : oldestAt;
    checkSums(sums, oldest !== null);
    return { ...sums, oldestAt: oldest };
  }

  function change({ added, removed, kept, nowMs }: Change): State {
    let moreRows = 0;
    let moreBytes = 0;
    for (const [seq, size] of removed) {
      if (remove.run(seq).changes === 0) {
        // Rows of the file before this one may be done only now.
        if (seq <= options.afterSeq) continue;
        throw new DamageError("a row is not where its sequence says");
      }
      moreRows--;
      moreBytes -= size;
    }
    for (const [seq, { event, routes }] of kept) {
      const text = writeRoutes(routes);
      const { id, sourceId, type, spooledAtMs, payload } = event;
      writes?.keep.run(text, checksumOf(id, sourceId, type, spooledAtMs, text, payload), seq);
    }
    for (const { event, routes, mayBeStored, salvagedFrom } of added) {
      const { id, sourceId, type, payload, payloadBytes } = event;
      const text = writeRoutes(routes);
      const sum = checksumOf(id, sourceId, type, nowMs, text, payload);
      const done = writes?.insert.run(id, sourceId, type, nowMs, mayBeStored ? 1 : 0, text, payload, sum);
      lastSeq = Number(done?.lastInsertRowid ?? lastSeq);
      if (salvagedFrom !== undefined) writes?.salvaged.run(salvagedFrom.file, salvagedFrom.seq);
      moreRows++;
      moreBytes += payloadBytes;
    }
    return settle(moreRows, moreBytes, removed.size > 0);
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
    get lastSeq() {
      return lastSeq;
    },
    isAbsent: false,
    get damagedRows() {
      return damagedRows;
    },
    write: (whole) => {
      // What is done may go from a file of an earlier version, too; nothing else is written to one.
      if (whole.added.length > 0 || whole.kept.size > 0) writesOf();
      ({ rows, bytes, oldestAt } = transact(database, () => change(whole)));
    },
    read: ({ afterSeq, limit, onlyMaybeStored }) =>
      (onlyMaybeStored ? reads.nextMaybeStored : reads.next).all(afterSeq, limit).map(readRow),
    setAside: ({ seq, reason }, nowMs) => {
      const { setAside } = writesOf();
      const after = transact(database, () => {
        const size = Number(
          database.prepare("SELECT length(CAST(payload AS BLOB)) AS size FROM events WHERE seq = ?").get(seq)
            ?.size ?? 0,
        );
        setAside.run(nowMs, reason, seq);
        if (remove.run(seq).changes === 0) throw new DamageError("a row is not where its sequence says");
        return settle(-1, -size, true);
      });
      ({ rows, bytes, oldestAt } = after);
      damagedRows++;
    },
    salvagedSeq: (file) =>
      isUpToDate
        ? Number(database.prepare("SELECT seq FROM salvaged WHERE file = ?").get(file)?.seq ?? 0)
        : 0,
    probeRoom: () => {
      writesOf();
      database.exec("INSERT INTO filler VALUES (zeroblob(16384))");
      database.exec("DELETE FROM filler");
    },
    shrink: () => {
      const pages = Number(database.prepare("PRAGMA page_count").get()?.page_count ?? 0);
      if (rows > 0 || pages <= KEPT_PAGES) return false;
      database.exec(`PRAGMA incremental_vacuum(${SHRINK_PAGES})`);
      return true;
    },
    close: () => closeMarked(database),
  };
}
