// The outbox on disk: events that NATS has not acked. Many appends share one transaction and one fsync.
// Knows no NATS; keeps what it has until it is told that a row is done.
import { rmSync } from "node:fs";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Outgoing } from "./delivery.ts";
import { createRarely, type DeliveryLog, messageOf } from "./log.ts";
import { setAside } from "./salvage.ts";
import {
  faultOf,
  openSpoolFile,
  prepareFolder,
  probeRoom,
  SPOOL_NAME,
  SpoolError,
  type SpooledEvent,
  spoolPath,
  toSpooledEvent,
} from "./spoolfile.ts";
import type { Route } from "./subject.ts";

export interface SpoolOptions {
  readonly dataDir: string;
  /** File name in `dataDir`; a worker has one of its own. */
  readonly name?: string | undefined;
  /** Bound of the file. The log beside it takes a few MiB more. */
  readonly maxBytes: number;
  readonly log: DeliveryLog;
  readonly clock: () => number;
}

export interface ReadOptions {
  /** Rows with a greater sequence only. */
  readonly afterSeq: number;
  readonly limit: number;
  /** Only events that may be in the stream already: the duplicate window is open for them and closing. */
  readonly onlySent?: boolean;
}

export interface Spool {
  readonly rows: number;
  /** Payload bytes of all rows. */
  readonly bytes: number;
  /** True while an append would be refused. */
  readonly isFull: boolean;
  /** When the oldest row was spooled, epoch milliseconds; null when there is none. */
  readonly oldestAt: number | null;
  /** Takes an event; `done(true)` once it is fsynced, `done(false)` when it cannot be kept. */
  append(event: Outgoing, routes: readonly Route[], wasSent: boolean, done: (isSafe: boolean) => void): void;
  /** The next rows, oldest first, without those that are done. */
  read(options: ReadOptions): SpooledEvent[];
  /** Says that a row is delivered; it is deleted soon. */
  remove(event: SpooledEvent): void;
  /** Keeps a row for these of its routes only. */
  keep(event: SpooledEvent, routes: readonly Route[]): void;
  /** Writes what waits, at once. */
  flush(): void;
  close(): void;
}

interface Append {
  readonly event: Outgoing;
  readonly routes: readonly Route[];
  readonly wasSent: boolean;
  readonly done: (isSafe: boolean) => void;
}

/** More than can be in flight at NATS: all of it comes here at once when the connection is lost. */
const MAX_WAITING = 100_000;
const MAX_WAITING_BYTES = 96 * 1024 * 1024;
/** Rows of one transaction: a commit holds the event loop, at about 5 µs a row. */
const MAX_BATCH = 2000;
/** Deletions wait this long for an append to share its fsync. */
const REMOVE_DELAY_MS = 20;
const RETRY_MS = 1000;
/** Pages of an empty spool given back to the disk at a time, and how many stay for the next outage: 8 and 4 MiB. */
const VACUUM_PAGES = 2000;
const KEPT_PAGES = 1024;

/** Opens the spool, sets a damaged file aside, and throws a `SpoolError` when events cannot be kept at all. */
export function openSpool(options: SpoolOptions): Spool {
  const { dataDir, log, clock, maxBytes } = options;
  const path = spoolPath(dataDir, options.name ?? SPOOL_NAME);
  const rarely = createRarely(10_000);
  const routeTexts = new WeakMap<readonly Route[], string>();
  let waiting: Append[] = [];
  let waitingBytes = 0;
  /** Done, and not deleted yet: never read again. */
  const removed = new Map<number, number>();
  const kept = new Map<number, string>();
  let rows = 0;
  let bytes = 0;
  let oldestAt: number | null = null;
  /** Appends are refused until then, `performance.now()`; 0 while all is well. */
  let closedUntil = 0;
  let isScheduled = false;
  let removeTimer: ReturnType<typeof setTimeout> | undefined;
  let probeTimer: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;
  let file: DatabaseSync;
  let statements: Record<
    "insert" | "remove" | "keep" | "totals" | "read" | "readSent" | "oldest",
    StatementSync
  >;

  prepareFolder(dataDir);
  try {
    open();
  } catch (error) {
    if (faultOf(error) !== "damaged") throw cannotOpen(error);
    try {
      replace(messageOf(error));
    } catch (cause) {
      throw cannotOpen(cause);
    }
  }

  function cannotOpen(error: unknown): SpoolError {
    const reason = faultOf(error) === "faulty" ? "the directory is not writable" : messageOf(error);
    return new SpoolError(`Cannot open the spool "${path}": ${reason}`);
  }

  function open(): void {
    file = openSpoolFile(path, maxBytes, clock());
    statements = {
      insert: file.prepare(
        "INSERT INTO events (id, source, type, received, sent, routes, payload) VALUES (?, ?, ?, ?, ?, ?, ?)",
      ),
      remove: file.prepare("DELETE FROM events WHERE seq = ?"),
      keep: file.prepare("UPDATE events SET routes = ? WHERE seq = ?"),
      // Sums in the file, so that two gateways on one file by mistake still count right.
      totals: file.prepare("UPDATE totals SET rows = rows + ?, bytes = bytes + ? RETURNING rows, bytes"),
      read: file.prepare(
        "SELECT seq, id, source, type, received, routes, payload FROM events WHERE seq > ? ORDER BY seq LIMIT ?",
      ),
      readSent: file.prepare(
        "SELECT seq, id, source, type, received, routes, payload FROM events WHERE sent = 1 AND seq > ? ORDER BY seq LIMIT ?",
      ),
      oldest: file.prepare("SELECT received FROM events ORDER BY seq LIMIT 1"),
    };
    const totals = file.prepare("SELECT rows, bytes FROM totals").get();
    rows = Number(totals?.rows ?? 0);
    bytes = Number(totals?.bytes ?? 0);
    readOldest();
  }

  function readOldest(): void {
    const found = statements.oldest.get()?.received;
    oldestAt = found === undefined ? null : Number(found);
  }

  /** Puts a damaged file aside, starts a new one, and brings over in the background what can still be read. */
  function replace(reason: string): void {
    try {
      file?.close();
    } catch {
      // It is damaged: nothing it says at closing matters.
    }
    const isDone = new Set(removed.keys());
    removed.clear();
    kept.clear();
    const salvage = setAside(path, clock());
    log.error("the spool is damaged and set aside", { file: salvage.path, reason });
    open();
    let saved = 0;
    const next = () => {
      if (isClosed) return salvage.close();
      // Its own bound and the disk's count for salvaged events as for new ones.
      const batch = waiting.length > MAX_WAITING / 2 || isShut() ? [] : salvage.read();
      if (batch === null) {
        log.warn("the readable events of the damaged spool are back", { events: saved, file: salvage.path });
        return;
      }
      for (const event of batch) {
        if (isDone.has(event.seq)) continue;
        append(event, event.routes, true, (isSafe) => {
          if (isSafe) return;
          rarely("salvage", () =>
            log.error("Cannot bring a salvaged event back: the spool is full", { file: salvage.path }),
          );
        });
      }
      saved += batch.length;
      setTimeout(next, batch.length === 0 ? RETRY_MS : 5).unref();
    };
    setTimeout(next, 5).unref();
  }

  function isShut(): boolean {
    return closedUntil !== 0 && performance.now() < closedUntil;
  }

  function append(
    event: Outgoing,
    routes: readonly Route[],
    wasSent: boolean,
    done: (isSafe: boolean) => void,
  ): void {
    const size = event.payload.length;
    if (isClosed || isShut() || waiting.length >= MAX_WAITING || waitingBytes + size > MAX_WAITING_BYTES) {
      done(false);
      return;
    }
    waiting.push({ event, routes, wasSent, done });
    waitingBytes += size;
    schedule();
  }

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      commit();
    });
  }

  function routesText(routes: readonly Route[]): string {
    let text = routeTexts.get(routes);
    if (text === undefined) {
      text = JSON.stringify(routes.map((route) => [route.destinationId, route.subject]));
      routeTexts.set(routes, text);
    }
    return text;
  }

  /** One transaction with the appends that wait and the deletions that wait, and only then the answers. */
  function commit(): void {
    if (isClosed || (waiting.length === 0 && removed.size === 0 && kept.size === 0)) return;
    const batch = waiting.length > MAX_BATCH ? waiting.splice(0, MAX_BATCH) : waiting;
    if (batch === waiting) waiting = [];
    for (const { event } of batch) waitingBytes -= event.payload.length;
    clearTimeout(removeTimer);
    removeTimer = undefined;
    const isSafe = write(batch);
    for (const { done } of batch) done(isSafe);
    if (waiting.length > 0) schedule();
  }

  function write(batch: readonly Append[]): boolean {
    for (let attempt = 1; ; attempt++) {
      try {
        transact(batch);
        if (closedUntil !== 0) log.info("the spool takes events again");
        closedUntil = 0;
        return true;
      } catch (error) {
        rollBack();
        const fault = faultOf(error);
        if (fault === "damaged" && attempt === 1) {
          if (tryReplace(error)) continue;
        }
        // On a full disk even a deletion may find no room; a file whose every row is done can go as a whole.
        if (fault === "full" && rows > 0 && removed.size === rows && attempt === 1) {
          if (tryStartOver()) continue;
        }
        if (fault === "full" && batch.length > 0 && removed.size > 0 && attempt === 1) {
          // The deletions alone may fit, and make room.
          if (write([])) continue;
          return false;
        }
        refuse(fault, error);
        return false;
      }
    }
  }

  function tryReplace(error: unknown): boolean {
    try {
      replace(messageOf(error));
      return true;
    } catch (cause) {
      rarely("replace", () => log.error("Cannot start a new spool", { reason: messageOf(cause) }));
      return false;
    }
  }

  function tryStartOver(): boolean {
    try {
      file.close();
      for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
      removed.clear();
      kept.clear();
      open();
      return true;
    } catch (error) {
      rarely("start over", () => log.error("Cannot start a new spool", { reason: messageOf(error) }));
      return false;
    }
  }

  function refuse(fault: string, error: unknown): void {
    const reason = messageOf(error);
    const says = fault === "full" ? "the spool is full" : "Cannot write the spool";
    if (closedUntil === 0 || fault !== "full") rarely(says, () => log.error(says, { reason, rows, bytes }));
    closedUntil = performance.now() + RETRY_MS;
    clearTimeout(probeTimer);
    probeTimer = setTimeout(probe, RETRY_MS);
    probeTimer.unref();
  }

  /** Finds out whether there is room again: while the spool says it is full, perhaps nobody brings an event to try. */
  function probe(): void {
    if (isClosed || closedUntil === 0) return;
    if (removed.size > 0 || kept.size > 0) commit();
    try {
      probeRoom(file);
      if (closedUntil !== 0) log.info("the spool takes events again");
      closedUntil = 0;
    } catch (error) {
      rollBack();
      refuse(faultOf(error), error);
    }
  }

  function transact(batch: readonly Append[]): void {
    let moreRows = 0;
    let moreBytes = 0;
    file.exec("BEGIN IMMEDIATE");
    for (const [seq, size] of removed) {
      if (statements.remove.run(seq).changes === 0) continue;
      moreRows--;
      moreBytes -= size;
    }
    for (const [seq, text] of kept) statements.keep.run(text, seq);
    const now = clock();
    for (const { event, routes, wasSent } of batch) {
      statements.insert.run(
        event.id,
        event.sourceId,
        event.type,
        now,
        wasSent ? 1 : 0,
        routesText(routes),
        event.payload,
      );
      moreRows++;
      moreBytes += event.payload.length;
    }
    const totals = statements.totals.get(moreRows, moreBytes);
    file.exec("COMMIT");
    const hasRemoved = removed.size > 0;
    rows = Number(totals?.rows ?? 0);
    bytes = Number(totals?.bytes ?? 0);
    removed.clear();
    kept.clear();
    if (hasRemoved) {
      readOldest();
      if (rows === 0) giveBack();
    } else if (oldestAt === null && batch.length > 0) oldestAt = now;
  }

  function rollBack(): void {
    try {
      file.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back by itself.
    }
  }

  /** Shrinks the file of an empty spool, a piece at a time. */
  function giveBack(): void {
    const pages = Number(file.prepare("PRAGMA page_count").get()?.page_count ?? 0);
    if (pages <= KEPT_PAGES) return;
    file.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
    setTimeout(() => {
      if (isClosed || rows > 0) return;
      try {
        giveBack();
      } catch (error) {
        rarely("vacuum", () => log.warn("Cannot shrink the spool", { reason: messageOf(error) }));
      }
    }, 50).unref();
  }

  function read({ afterSeq, limit, onlySent }: ReadOptions): SpooledEvent[] {
    const statement = onlySent ? statements.readSent : statements.read;
    try {
      return statement
        .all(afterSeq, limit)
        .map(toSpooledEvent)
        .filter((event) => !removed.has(event.seq));
    } catch (error) {
      if (faultOf(error) === "damaged") tryReplace(error);
      else rarely("read", () => log.error("Cannot read the spool", { reason: messageOf(error) }));
      return [];
    }
  }

  function removeSoon(): void {
    if (isScheduled || removeTimer !== undefined || isShut()) return;
    removeTimer = setTimeout(commit, REMOVE_DELAY_MS);
  }

  return {
    get rows() {
      return rows;
    },
    get bytes() {
      return bytes;
    },
    get isFull() {
      return closedUntil !== 0;
    },
    get oldestAt() {
      return oldestAt;
    },
    append,
    read,
    remove: (event) => {
      removed.set(event.seq, event.payload.length);
      kept.delete(event.seq);
      removeSoon();
    },
    keep: (event, routes) => {
      kept.set(event.seq, routesText(routes));
      removeSoon();
    },
    flush: () => {
      while (waiting.length > 0) commit();
      if (removed.size > 0 || kept.size > 0) commit();
    },
    close: () => {
      if (isClosed) return;
      while (waiting.length > 0) commit();
      if (removed.size > 0 || kept.size > 0) commit();
      isClosed = true;
      clearTimeout(removeTimer);
      clearTimeout(probeTimer);
      try {
        file.close();
      } catch (error) {
        log.warn("Cannot close the spool", { reason: messageOf(error) });
      }
    },
  };
}
