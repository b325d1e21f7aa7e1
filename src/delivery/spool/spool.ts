// The outbox on disk: events that NATS has not acked. Many appends share one transaction and one fsync.
// Knows no NATS; keeps what it has until it is told that a row is done.
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Route } from "../../config/subject.ts";
import { createRarely, type DeliveryLog, messageOf } from "../log.ts";
import type { Outgoing } from "../outgoing.ts";
import { faultOf, prepareFolder, SpoolError, type SpoolFault } from "./fault.ts";
import { type Addition, openSpoolFile, type ReadOptions, type SpooledEvent, type SpoolFile } from "./file.ts";
import { SPOOL_NAME, SPOOL_SUFFIXES } from "./name.ts";
import { bringBack, quarantine } from "./salvage.ts";

/** Where a spool is and how large it may get. */
export interface SpoolOptions {
  readonly dataDir: string;
  /** File name in `dataDir`; a worker has one of its own. */
  readonly name?: string | undefined;
  /** Bound of the file. The log beside it takes a few MiB more. */
  readonly maxBytes: number;
  readonly log: DeliveryLog;
  readonly clock: () => number;
}

/** Events on disk that have still to be delivered. */
export interface Spool {
  readonly rows: number;
  /** Payload bytes of all rows. */
  readonly bytes: number;
  /** True while an append would be refused. */
  readonly isFull: boolean;
  /** When the oldest row was spooled, epoch milliseconds; null when there is none. */
  readonly oldestAt: number | null;
  /** Takes an event; `done(true)` once it is fsynced, `done(false)` when it cannot be kept. */
  append(
    event: Outgoing,
    routes: readonly Route[],
    mayBeStored: boolean,
    done: (isSafe: boolean) => void,
  ): void;
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

interface Append extends Addition {
  readonly done: (isSafe: boolean) => void;
}

/** More than can be in flight at NATS: all of it comes here at once when the connection is lost. */
const MAX_WAITING = 100_000;
const MAX_WAITING_BYTES = 96 * 1024 * 1024;
/** Rows of one transaction: a commit holds the event loop, at about 5 µs a row. */
const MAX_BATCH = 2000;
/** Deletions wait this long for an append to share its fsync. */
const REMOVE_DELAY_MS = 20;
/** After a refused write nothing is tried for so long. */
const RETRY_MS = 1000;
const SHRINK_PAUSE_MS = 50;

/** Opens the spool, sets a damaged file aside, and throws a `SpoolError` when events cannot be kept at all. */
export function openSpool(options: SpoolOptions): Spool {
  const { dataDir, log, clock, maxBytes } = options;
  const path = join(dataDir, options.name ?? SPOOL_NAME);
  const rarely = createRarely(10_000);
  let waiting: Append[] = [];
  let waitingBytes = 0;
  /** Done, and not deleted yet: never read again. Sequence and payload length. */
  const removed = new Map<number, number>();
  const kept = new Map<number, readonly Route[]>();
  /** Appends are refused until then, `performance.now()`; 0 while all is well. */
  let closedUntil = 0;
  let isScheduled = false;
  let removeTimer: ReturnType<typeof setTimeout> | undefined;
  let probeTimer: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;

  prepareFolder(dataDir);
  let file = openFirst();

  function open(): SpoolFile {
    return openSpoolFile(path, maxBytes, clock());
  }

  function openFirst(): SpoolFile {
    try {
      try {
        return open();
      } catch (error) {
        if (faultOf(error) !== "damaged") throw error;
        return startAside(messageOf(error));
      }
    } catch (error) {
      const reason = faultOf(error) === "faulty" ? "the directory is not writable" : messageOf(error);
      throw new SpoolError(`Cannot open the spool "${path}": ${reason}`);
    }
  }

  /** Puts the damaged file aside, opens a new one, and begins to bring over what can still be read. */
  function startAside(reason: string): SpoolFile {
    const isDone = new Set(removed.keys());
    removed.clear();
    kept.clear();
    const salvage = quarantine(path, clock());
    log.error("the spool is damaged and set aside", { file: salvage.path, reason });
    const fresh = open();
    bringBack(salvage, {
      log,
      isOver: () => isClosed,
      // New events go first.
      isBusy: () => isShut() || waiting.length > MAX_WAITING / 2,
      keep: (event, done) => {
        if (isDone.has(event.seq)) done(true);
        else append(event, event.routes, true, done);
      },
    });
    return fresh;
  }

  function later(ms: number, act: () => void): void {
    setTimeout(act, ms).unref();
  }

  function isShut(): boolean {
    return closedUntil !== 0 && performance.now() < closedUntil;
  }

  function append(
    event: Outgoing,
    routes: readonly Route[],
    mayBeStored: boolean,
    done: (isSafe: boolean) => void,
  ): void {
    const size = event.payload.length;
    if (isClosed || isShut() || waiting.length >= MAX_WAITING || waitingBytes + size > MAX_WAITING_BYTES) {
      done(false);
      return;
    }
    waiting.push({ event, routes, mayBeStored, done });
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

  function hasWork(): boolean {
    return waiting.length > 0 || removed.size > 0 || kept.size > 0;
  }

  /** One transaction with the appends and the deletions that wait, and only then the answers. */
  function commit(): void {
    if (isClosed || !hasWork()) return;
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
    for (let isFirst = true; ; isFirst = false) {
      try {
        const hasRemoved = removed.size > 0;
        file.write({ added: batch, removed, kept, nowMs: clock() });
        removed.clear();
        kept.clear();
        reopen();
        if (hasRemoved && file.rows === 0) shrink();
        return true;
      } catch (error) {
        const fault = faultOf(error);
        if (isFirst && isMended(fault, error, batch)) continue;
        refuse(fault, error);
        return false;
      }
    }
  }

  /** Does what can be done about a failed write; true when it is worth another try. */
  function isMended(fault: SpoolFault, error: unknown, batch: readonly Append[]): boolean {
    if (fault === "damaged") return replace(() => startAside(messageOf(error)));
    if (fault !== "full") return false;
    // On a full disk even a deletion may find no room; a file whose every row is done can go as a whole.
    if (file.rows > 0 && removed.size === file.rows) return replace(startOver);
    // The deletions alone may fit, and make room.
    return batch.length > 0 && removed.size > 0 && write([]);
  }

  function startOver(): SpoolFile {
    for (const suffix of SPOOL_SUFFIXES) rmSync(path + suffix, { force: true });
    removed.clear();
    kept.clear();
    return open();
  }

  function replace(start: () => SpoolFile): boolean {
    try {
      file.close();
    } catch {
      // It goes: nothing it says at closing matters.
    }
    try {
      file = start();
      return true;
    } catch (error) {
      rarely("replace", () => log.error("Cannot start a new spool", { reason: messageOf(error) }));
      return false;
    }
  }

  function refuse(fault: SpoolFault, error: unknown): void {
    const says = fault === "full" ? "the spool is full" : "Cannot write the spool";
    const reason = messageOf(error);
    rarely(says, () => log.error(says, { reason, events: file.rows, bytes: file.bytes }));
    closedUntil = performance.now() + RETRY_MS;
    clearTimeout(probeTimer);
    probeTimer = setTimeout(probe, RETRY_MS);
    probeTimer.unref();
  }

  /** Finds out whether there is room again: while the spool says it is full, perhaps nobody brings an event to try. */
  function probe(): void {
    if (isClosed || closedUntil === 0) return;
    commit();
    try {
      file.probeRoom();
      reopen();
    } catch (error) {
      refuse(faultOf(error), error);
    }
  }

  function reopen(): void {
    if (closedUntil !== 0) log.info("the spool takes events again");
    closedUntil = 0;
  }

  function shrink(): void {
    try {
      if (isClosed || !file.shrink()) return;
      later(SHRINK_PAUSE_MS, shrink);
    } catch (error) {
      rarely("shrink", () => log.warn("Cannot shrink the spool", { reason: messageOf(error) }));
    }
  }

  function read(wanted: ReadOptions): SpooledEvent[] {
    try {
      let { afterSeq } = wanted;
      while (true) {
        const found = file.read({ ...wanted, afterSeq });
        const events = found.filter(({ seq }) => !removed.has(seq));
        const last = found.at(-1);
        if (events.length > 0 || last === undefined) return events;
        afterSeq = last.seq;
      }
    } catch (error) {
      const reason = messageOf(error);
      if (faultOf(error) === "damaged") replace(() => startAside(reason));
      else rarely("read", () => log.error("Cannot read the spool", { reason }));
      return [];
    }
  }

  function commitSoon(): void {
    if (isScheduled || removeTimer !== undefined || isShut()) return;
    removeTimer = setTimeout(commit, REMOVE_DELAY_MS);
  }

  function flush(): void {
    do commit();
    while (waiting.length > 0);
  }

  return {
    get rows() {
      return file.rows;
    },
    get bytes() {
      return file.bytes;
    },
    get isFull() {
      return closedUntil !== 0;
    },
    get oldestAt() {
      return file.oldestAt;
    },
    append,
    read,
    remove: (event) => {
      removed.set(event.seq, event.payload.length);
      kept.delete(event.seq);
      commitSoon();
    },
    keep: (event, routes) => {
      kept.set(event.seq, routes);
      commitSoon();
    },
    flush,
    close: () => {
      if (isClosed) return;
      flush();
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
