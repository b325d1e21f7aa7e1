// One SQLite file of spooled events: tables, index of copies and sums, brought up to date and kept in step.
import { Stocks, viewBacklog } from "./backlogs.ts";
import { type Effect, prepareChanges } from "./change.ts";
import { openCopyIndex, type ReadOptions } from "./copies.ts";
import { countDamaged, moveToDamaged } from "./damagedrows.ts";
import { faultOf, MisfitError } from "./fault.ts";
import type { SpoolFile } from "./file.ts";
import { type OpenOptions, openDatabase } from "./layout.ts";
import { openQuarantine } from "./quarantine.ts";
import { prepareRows, readSalvagedSeq } from "./reader.ts";
import { type DamagedRow, readRow, type SpooledEvent } from "./row.ts";
import { closeMarked, markOpened } from "./sidelog.ts";
import { isOutdated, versionOf } from "./tables.ts";
import { checkSums, openTotals, readDataVersion, readLastSeq, type Sums } from "./totals.ts";
import { transact } from "./transaction.ts";
import { isBeyond, makeMemoryIndex, upgrade } from "./upgrade.ts";

/** How a file is opened, and who hears of it. */
export interface FileOptions extends OpenOptions {
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Told why the index of copies had to be made anew. */
  readonly onMisfit: (reason: string) => void;
}

/** What is known of a file without a look at it. */
type State = Sums & { readonly oldestAt: number | null };

/** Pages given back at a time (8 MiB), and how many stay for the next outage (4 MiB). */
const [SHRINK_PAGES, KEPT_PAGES] = [2000, 1024];

/** Opens or creates the file for the one process that writes it; at most `maxBytes` long, its log beside it. */
export function openSpoolFile(path: string, options: FileOptions): SpoolFile {
  const database = openDatabase(path, options);
  try {
    return useFile(database, options);
  } catch (error) {
    database.close();
    throw error;
  }
}

function useFile(database: ReturnType<typeof openDatabase>, options: FileOptions): SpoolFile {
  const { clock, afterSeq, onMisfit } = options;
  /** False while the index of copies is in memory: nothing but what is delivered can be written then. */
  let isWhole = true;
  if (isOutdated(database) || isBeyond(database)) makeIndex();
  markOpened(database);
  let parts = prepareParts();
  const totals = openTotals(database);
  const stocks = new Stocks((destination, stock) => viewBacklog(stock, () => oldestOf(destination)));
  const quarantined = new Stocks((_, stock) => stock);
  let state: State = { rows: 0, bytes: 0, oldestAt: null };
  let lastSeq = 0;
  let damagedRows = 0;
  let dataVersion = readDataVersion(database);
  mend(load);

  /** Without room for it in the file the index is in memory: events can still be read and relayed. */
  function makeIndex(): void {
    try {
      upgrade(database, clock());
      isWhole = true;
    } catch (error) {
      if (faultOf(error) !== "full") throw error;
      makeMemoryIndex(database);
      isWhole = false;
    }
  }

  function prepareParts() {
    const hasSums = versionOf(database) >= 2;
    const index = openCopyIndex(database, hasSums);
    const quarantine = isWhole ? openQuarantine(database) : null;
    const next = prepareRows(database, hasSums);
    const oldest = database.prepare("SELECT received FROM events ORDER BY seq LIMIT 1");
    oldest.setReadBigInts(true);
    const apply = prepareChanges(database, { index, quarantine, hasSums, afterSeq });
    return { hasSums, index, quarantine, next, oldest, apply };
  }

  /** Before anything is written that needs all of the tables. Throws when there is no room for them. */
  function makeWhole(): void {
    if (isWhole) return;
    upgrade(database, clock());
    isWhole = true;
    parts = prepareParts();
    load();
  }

  /** Does something to the file; once more with a new index of copies, when it finds that the old one does not fit. */
  function mend<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      parts.index.forget();
      if (!(error instanceof MisfitError)) throw error;
      onMisfit(error.message);
      makeIndex();
      parts = prepareParts();
      load();
      return act();
    }
  }

  function load(): void {
    const sums = totals.read();
    const oldestAt = readOldest();
    checkSums(sums, oldestAt !== null);
    stocks.replace(parts.index.load());
    checkBacklogs(sums.rows);
    quarantined.replace(parts.quarantine?.load() ?? new Map());
    state = { ...sums, oldestAt };
    lastSeq = readLastSeq(database);
    damagedRows = parts.hasSums ? countDamaged(database) : 0;
  }

  function readOldest(): number | null {
    const received = parts.oldest.get()?.received;
    return received == null ? null : Number(received);
  }

  /** Events that nobody waits for would stay behind. In memory those are left out that cannot be set aside. */
  function checkBacklogs(rows: number): void {
    if (isWhole && rows > 0 !== parts.index.hasAny())
      throw new MisfitError("the backlogs are not those of its events");
  }

  /** Changes rows and sums as one transaction: what is not right undoes it. */
  function change(act: () => Effect, hasRemoved: boolean): void {
    const { effect, after, changed } = transact(database, () => {
      const effect = act();
      const sums = totals.add(effect.rows, effect.bytes);
      const changed = parts.index.settle();
      const oldestAt = hasRemoved || state.oldestAt === null ? readOldest() : state.oldestAt;
      checkSums(sums, oldestAt !== null);
      checkBacklogs(sums.rows);
      return { effect, after: { ...sums, oldestAt }, changed };
    });
    state = after;
    lastSeq = effect.lastSeq;
    for (const [destination, stock] of changed) stocks.set(destination, stock);
    for (const [destination, more] of effect.quarantined) quarantined.add(destination, more);
  }

  function readFitting(wanted: ReadOptions): (SpooledEvent | DamagedRow)[] {
    const { destinationId } = wanted;
    const rows = parts.index.read(wanted);
    const isMissing = rows.length === 0 && stocks.all.has(destinationId) && !parts.index.has(destinationId);
    if (isMissing) throw new MisfitError(`the copies of ${destinationId} are not there`);
    return rows.map((row) => {
      if (row.seq === null) throw new MisfitError(`a copy of ${destinationId} has no event`);
      const event = readRow(row);
      const isOurs =
        !("routes" in event) || event.routes.some((route) => route.destinationId === destinationId);
      if (!isOurs) throw new MisfitError(`an event does not wait for ${destinationId}`);
      return event;
    });
  }

  function oldestOf(destination: string): number | null {
    try {
      return parts.index.oldestAt(destination);
    } catch {
      // Whoever reads the events meets the fault, and deals with it.
      return null;
    }
  }

  return {
    get rows() {
      return state.rows;
    },
    get bytes() {
      return state.bytes;
    },
    get oldestAt() {
      return state.oldestAt;
    },
    get lastSeq() {
      return lastSeq;
    },
    isAbsent: false,
    get damagedRows() {
      return damagedRows;
    },
    backlogs: () => stocks.all,
    quarantined: () => quarantined.all,
    write: (whole) => {
      const { added, delivered, refused } = whole;
      // What is delivered may go from a file of an earlier version, too; nothing else is written to one.
      if (added.length > 0 || refused.size > 0) makeWhole();
      mend(() => change(() => parts.apply(whole), delivered.size + refused.size > 0));
    },
    read: (wanted) => mend(() => readFitting(wanted)),
    readAll: (afterSeq, limit) => parts.next(afterSeq, limit),
    readQuarantined: (afterSeq, limit) => parts.quarantine?.read({ afterSeq, limit }) ?? [],
    setAside: ({ seq, reason }, nowMs) => {
      makeWhole();
      mend(() =>
        change(() => {
          const bytes = moveToDamaged(database, seq, reason, nowMs);
          parts.index.removeAll(stocks.all.keys(), seq);
          return { rows: -1, bytes: -bytes, lastSeq, quarantined: new Map() };
        }, true),
      );
      damagedRows++;
    },
    salvagedSeq: (file) => readSalvagedSeq(database, file),
    refresh: () => {
      const version = readDataVersion(database);
      if (version === dataVersion) return;
      dataVersion = version;
      mend(load);
    },
    probeRoom: () => {
      makeWhole();
      database.exec("INSERT INTO filler VALUES (zeroblob(16384))");
      database.exec("DELETE FROM filler");
    },
    shrink: () => {
      const pages = Number(database.prepare("PRAGMA page_count").get()?.page_count ?? 0);
      if (state.rows > 0 || pages <= KEPT_PAGES) return false;
      database.exec(`PRAGMA incremental_vacuum(${SHRINK_PAGES})`);
      return true;
    },
    close: () => closeMarked(database),
  };
}
