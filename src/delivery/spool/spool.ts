// The outbox on disk: events that NATS has not acked. Many appends share one transaction and one fsync.
// Knows no NATS; keeps what it has until it is told that a row is done.
import { basename, join } from "node:path";
import type { Address, Route } from "../../config/subject.ts";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import { createRarely, type DeliveryLog, reasonOf } from "../log.ts";
import type { Outgoing } from "../outgoing.ts";
import {
  type Admission,
  type AdmissionEvent,
  admits,
  nextAdmission,
  OPEN,
  RETRY_MS,
  type SpoolState,
  spoolStateOf,
} from "./admission.ts";
import { openCurrentFile } from "./current.ts";
import { faultOf, prepareFolder } from "./fault.ts";
import type { ReadOptions } from "./file.ts";
import { SPOOL_NAME } from "./name.ts";
import { type Append, AppendQueue } from "./queue.ts";
import type { SpooledEvent } from "./row.ts";
import { RowChanges } from "./rowchanges.ts";
import { createRowReader } from "./rowreader.ts";
import { createSalvage } from "./salvage.ts";

/** Where a spool is and how large it may get. */
export interface SpoolOptions {
  readonly dataDir: string;
  /** File name in `dataDir`; a worker has one of its own. */
  readonly name?: string | undefined;
  /** Bound of the file. The log beside it takes a few MiB more. */
  readonly maxBytes: number;
  readonly log: DeliveryLog;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** For pauses; the machine's clock by default. */
  readonly time?: Clock;
}

/** Events on disk that have still to be delivered. */
export interface Spool {
  readonly rows: number;
  /** Payload bytes of all rows. */
  readonly bytes: number;
  /** Whether it takes events, and if not, whether room is missing or the disk fails. */
  readonly state: SpoolState;
  /** Rows that are no events any more, each set aside alone. */
  readonly damagedRows: number;
  /** Rows of damaged or lost files that are not back yet; null while there is no such file. */
  readonly salvageLeft: number | null;
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
  keep(event: SpooledEvent, routes: readonly Address[]): void;
  /** Writes what waits, at once. */
  flush(): void;
  close(): void;
}

/** Deletions wait this long for an append to share its fsync. */
const REMOVE_DELAY_MS = 20;
/** How soon it is noticed that the file has gone. */
const LOOK_MS = 500;

/** Opens the spool, sets a damaged file aside, and throws a `SpoolError` when events cannot be kept at all. */
export function openSpool(options: SpoolOptions): Spool {
  const { dataDir, log, clock, maxBytes, time = systemClock } = options;
  const path = join(dataDir, options.name ?? SPOOL_NAME);
  const rarely = createRarely(10_000);
  let admission: Admission = OPEN;
  const queue = new AppendQueue();
  const changes = new RowChanges();
  let isScheduled = false;
  let cancelCommit: (() => void) | null = null;
  let cancelProbe: (() => void) | null = null;

  prepareFolder(dataDir);
  const salvage = createSalvage({
    log,
    time,
    // New events go first.
    isBusy: () => !admits(admission, time.now()) || queue.isLong,
    keep: (event, path, done) =>
      take({
        event,
        routes: event.routes,
        mayBeStored: true,
        salvagedFrom: { file: basename(path), seq: event.seq },
        done,
      }),
  });
  const onSalvage = salvage.add;
  const current = openCurrentFile({ path, maxBytes, changes, log, rarely, clock, time, onSalvage });
  if (current.obstacle !== null) refuse(current.obstacle);
  const stopLooking = time.every(LOOK_MS, look);

  function change(event: AdmissionEvent): void {
    const was = admission;
    admission = nextAdmission(was, event, time.now());
    if (was.is === "refusing" && admission.is === "open") log.info("the spool takes events again");
  }

  function take(append: Append): void {
    if (admits(admission, time.now()) && queue.push(append)) schedule();
    else append.done(false);
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
    return !queue.isEmpty || !changes.isEmpty;
  }

  /** One transaction with the appends and the deletions that wait, and only then the answers. */
  function commit(): void {
    if (admission.is === "closed" || !hasWork()) return;
    const batch = queue.take();
    cancelCommit?.();
    cancelCommit = null;
    const isSafe = write(batch);
    for (const { done } of batch) done(isSafe);
    if (!queue.isEmpty) schedule();
  }

  function write(batch: readonly Append[]): boolean {
    try {
      current.write(batch);
      change({ is: "written" });
      return true;
    } catch (error) {
      refuse(error);
      return false;
    }
  }

  function refuse(error: unknown): void {
    const fault = faultOf(error);
    const says = fault === "full" ? "the spool is full" : "Cannot write the spool";
    const { rows, bytes } = current.file;
    rarely(says, () => log.error(says, { reason: reasonOf(error), events: rows, bytes }));
    change({ is: "failed", fault });
    cancelProbe?.();
    cancelProbe = time.after(RETRY_MS, probe);
  }

  /** Finds out whether there is room again: while the spool says it is full, perhaps nobody brings an event to try. */
  function probe(): void {
    cancelProbe = null;
    if (admission.is !== "refusing") return;
    commit();
    try {
      current.probeRoom();
      change({ is: "written" });
    } catch (error) {
      refuse(error);
    }
  }

  /** Somebody may have taken the file away: what was answered with 200 would be in no file then. */
  function look(): void {
    if (admission.is === "closed") return;
    try {
      current.look();
    } catch (error) {
      refuse(error);
    }
  }

  function commitSoon(): void {
    if (isScheduled || cancelCommit !== null || !admits(admission, time.now())) return;
    cancelCommit = time.after(REMOVE_DELAY_MS, commit);
  }

  function flush(): void {
    do commit();
    while (!queue.isEmpty);
  }

  return {
    get rows() {
      return current.file.rows;
    },
    get bytes() {
      return current.file.bytes;
    },
    get state() {
      return spoolStateOf(admission);
    },
    get oldestAt() {
      return current.file.oldestAt;
    },
    get damagedRows() {
      return current.file.damagedRows;
    },
    get salvageLeft() {
      return salvage.left;
    },
    append: (event, routes, mayBeStored, done) => take({ event, routes, mayBeStored, done }),
    read: createRowReader({ current, changes, log, rarely, clock }),
    remove: (event) => {
      changes.remove(event);
      commitSoon();
    },
    keep: (event, routes) => {
      changes.keep(event, routes);
      commitSoon();
    },
    flush,
    close: () => {
      if (admission.is === "closed") return;
      flush();
      look();
      salvage.rescue(flush);
      change({ is: "closed" });
      cancelCommit?.();
      cancelProbe?.();
      stopLooking();
      salvage.stop();
      current.close();
    },
  };
}
