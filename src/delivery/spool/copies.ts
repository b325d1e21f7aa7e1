// The index of copies: which event waits for which destination, and the sums of each destination's backlog. It follows the
// events and can be made anew from them; whoever finds that it does not fit them throws a `MisfitError`.
import type { DatabaseSync } from "node:sqlite";
import { MisfitError } from "./fault.ts";
import { prepareCopies } from "./insert.ts";
import { type Row, rowColumns } from "./row.ts";
import { NO_STOCK, type Stock } from "./stock.ts";

/** Which copies to read. */
export interface ReadOptions {
  readonly destinationId: string;
  /** Copies of events with a greater sequence only. */
  readonly afterSeq: number;
  readonly limit: number;
  /** Only copies that may be in the stream already: the duplicate window is open for them and closing. */
  readonly onlyMaybeStored?: boolean;
}

/** The index of one open file. Each function throws what SQLite throws. */
export interface CopyIndex {
  /** Notes a copy, within a transaction. */
  add(destination: string, seq: number, mayBeStored: boolean, bytes: number): void;
  /** Takes a copy out, within a transaction; false when it is not there. */
  remove(destination: string, seq: number, bytes: number): boolean;
  /** Takes every copy of an event out, within a transaction. */
  removeAll(destinations: Iterable<string>, seq: number): void;
  /** Writes the sums, within the transaction; gives those that have changed, as they are now. */
  settle(): ReadonlyMap<string, Stock>;
  /** Forgets what was not settled: the transaction is undone. */
  forget(): void;
  /** The events of copies, oldest first; a row whose `seq` is null is of a copy without an event. */
  read(options: ReadOptions): Row[];
  /** Whether a destination has a copy. */
  has(destination: string): boolean;
  /** Whether any destination has a backlog, as the sums say. */
  hasAny(): boolean;
  /** When the oldest event that waits for a destination was spooled, epoch milliseconds. */
  oldestAt(destination: string): number | null;
  /** The sums of every backlog, looked at closely: either end of each must be there. */
  load(): Map<string, Stock>;
}

/** Prepares the index of a file; `hasSums` says whether its rows have a checksum. */
export function openCopyIndex(database: DatabaseSync, hasSums: boolean): CopyIndex {
  const changes = new Map<string, { copies: number; bytes: number }>();
  const insert = prepareCopies(database);
  const remove = database.prepare("DELETE FROM copies WHERE destination = ? AND seq = ?");
  const find = database.prepare("SELECT bytes FROM copies WHERE destination = ? AND seq = ?");
  const add = database.prepare(`
    INSERT INTO backlogs VALUES (?1, ?2, max(0, ?3)) ON CONFLICT (destination) DO UPDATE
    SET copies = copies + ?2, bytes = iif(copies + ?2 = 0, 0, max(0, bytes + ?3)) RETURNING copies, bytes
  `);
  const drop = database.prepare("DELETE FROM backlogs WHERE destination = ?");
  const any = database.prepare("SELECT 1 FROM copies WHERE destination = ? LIMIT 1");
  const anyBacklog = database.prepare("SELECT 1 FROM backlogs LIMIT 1");
  const stocks = database.prepare("SELECT destination, copies, bytes FROM backlogs");
  const nextDestination = database.prepare(
    "SELECT destination FROM copies WHERE destination > ? ORDER BY destination LIMIT 1",
  );
  // Both tables have a sequence.
  const columns = rowColumns(hasSums).replace("seq", "events.seq");
  const select = (where: string, order: string) =>
    database.prepare(
      `SELECT copies.seq AS copy, ${columns} FROM copies LEFT JOIN events ON events.seq = copies.seq
       WHERE destination = ? AND copies.seq > ? ${where} ORDER BY copies.seq ${order} LIMIT ?`,
    );
  const next = select("", "ASC");
  const nextMaybeStored = select("AND copies.sent = 1", "ASC");
  const last = select("", "DESC");
  const oldest = database.prepare(
    `SELECT received FROM copies LEFT JOIN events ON events.seq = copies.seq
     WHERE destination = ? ORDER BY copies.seq LIMIT 1`,
  );
  // A number that the disk has changed may be one that JavaScript cannot hold: that is no reason to read nothing.
  for (const statement of [find, add, stocks, next, nextMaybeStored, last, oldest]) {
    statement.setReadBigInts(true);
  }

  function change(destination: string, copies: number, bytes: number): void {
    const known = changes.get(destination);
    if (known === undefined) changes.set(destination, { copies, bytes });
    else {
      known.copies += copies;
      known.bytes += bytes;
    }
  }

  function settleOne(destination: string, { copies, bytes }: Stock): Stock {
    const stock = stockOf(add.get(destination, copies, bytes));
    checkStock(destination, stock);
    if (stock.copies > 0) return stock;
    drop.run(destination);
    if (any.get(destination) !== undefined) throw misfit(destination);
    return NO_STOCK;
  }

  /** Every destination that has copies; found without a look at each of them. */
  function* destinations(): Generator<string> {
    let row = nextDestination.get("");
    for (; row !== undefined; row = nextDestination.get(String(row.destination)))
      yield String(row.destination);
  }

  return {
    add: (destination, seq, mayBeStored, bytes) => {
      insert.add(destination, seq, mayBeStored ? 1 : 0, bytes);
      change(destination, 1, bytes);
    },
    remove: (destination, seq, bytes) => {
      if (remove.run(destination, seq).changes === 0) return false;
      change(destination, -1, -bytes);
      return true;
    },
    removeAll: (ids, seq) => {
      for (const destination of ids) {
        const found = find.get(destination, seq);
        if (found === undefined) continue;
        remove.run(destination, seq);
        change(destination, -1, -Number(found.bytes));
      }
    },
    settle: () => {
      insert.flush();
      const stocks = new Map<string, Stock>();
      for (const [destination, more] of changes) stocks.set(destination, settleOne(destination, more));
      changes.clear();
      return stocks;
    },
    forget: () => {
      insert.forget();
      changes.clear();
    },
    read: ({ destinationId, afterSeq, limit, onlyMaybeStored }) =>
      (onlyMaybeStored ? nextMaybeStored : next).all(destinationId, afterSeq, limit),
    has: (destination) => any.get(destination) !== undefined,
    hasAny: () => anyBacklog.get() !== undefined,
    oldestAt: (destination) => {
      const received = oldest.get(destination)?.received;
      return received == null ? null : Number(received);
    },
    load: () => {
      const found = new Map<string, Stock>();
      for (const row of stocks.all()) {
        const destination = String(row.destination);
        const stock = stockOf(row);
        checkStock(destination, stock);
        const ends = [next.get(destination, 0, 1), last.get(destination, 0, 1)];
        if (ends.some((row) => row === undefined || row.seq === null)) throw misfit(destination);
        found.set(destination, stock);
      }
      let count = 0;
      for (const destination of destinations()) {
        if (!found.has(destination)) throw misfit(destination);
        count++;
      }
      if (count < found.size) throw new MisfitError("a backlog has no copies");
      return found;
    },
  };
}

function stockOf(row: Row | undefined): Stock {
  return { copies: Number(row?.copies), bytes: Number(row?.bytes) };
}

function checkStock(destination: string, { copies, bytes }: Stock): void {
  if (!Number.isSafeInteger(copies) || !Number.isSafeInteger(bytes) || copies < 0) throw misfit(destination);
}

function misfit(destination: string): MisfitError {
  return new MisfitError(`the copies of ${destination} are not those of its events`);
}
