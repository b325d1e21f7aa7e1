// The outbox on disk: copies of events that their destinations have not got yet. Knows no NATS; keeps what it has until it is
// told that a copy is delivered, or that no stream will ever take it.
import { basename, join } from "node:path";
import { type Clock, systemClock } from "../../runtime/clock.ts";
import { createRarely, type DeliveryLog } from "../log.ts";
import type { Outgoing } from "../outgoing.ts";
import type { Copy } from "./addition.ts";
import type { SpoolState } from "./admission.ts";
import type { Backlog } from "./backlogs.ts";
import { createCommit } from "./commit.ts";
import type { ReadOptions } from "./copies.ts";
import { openCurrentFile } from "./current.ts";
import { prepareFolder } from "./fault.ts";
import { SPOOL_NAME } from "./name.ts";
import { fits, isQuarantineFull, quarantineBound } from "./quarantine.ts";
import type { SpooledEvent } from "./row.ts";
import { RowChanges } from "./rowchanges.ts";
import { createRowReader } from "./rowreader.ts";
import { createSalvage, type Found, isQuarantined, placeOf } from "./salvage.ts";
import { isWithinShare } from "./share.ts";
import { addStocks, type Stock, totalOf } from "./stock.ts";

/** Where a spool is and how large it may get. */
export interface SpoolOptions {
  readonly dataDir: string;
  /** File name in `dataDir`; a worker has one of its own. */
  readonly name?: string | undefined;
  /** Bound of the file. The log beside it takes a few MiB more. */
  readonly maxBytes: number;
  /** How much of it the backlog of one destination may take: over 0, up to 1; half of it by default. */
  readonly destinationShare?: number | undefined;
  readonly log: DeliveryLog;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** For pauses; the machine's clock by default. */
  readonly time?: Clock;
}

/** Copies of events on disk that have still to be delivered. */
export interface Spool {
  /** Events of which at least one copy has still to be delivered. */
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
  /** Whether no further copy of usual size can go to quarantine. */
  readonly quarantineIsFull: boolean;
  /** What waits for each destination that anything waits for, at each moment. */
  backlogs(): ReadonlyMap<string, Backlog>;
  /** What is in quarantine of each destination of which anything is. */
  quarantined(): ReadonlyMap<string, Stock>;
  /** Whether the backlog of a destination and an event of so many bytes are within its share of the spool. */
  hasShareFor(destinationId: string, bytes: number): boolean;
  /**
   * Takes an event for these copies, those that go to quarantine at once among them; `done(true)` once all of it is
   * fsynced, `done(false)` when it cannot be kept, or the quarantine is full.
   */
  append(event: Outgoing, copies: readonly Copy[], done: (isSafe: boolean) => void): void;
  /** The next events that wait for a destination, oldest first, each with the routes that are still to be delivered. */
  read(options: ReadOptions): SpooledEvent[];
  /** Says that a copy is delivered; it is deleted soon, and its event with the last copy. */
  remove(event: SpooledEvent, destinationId: string): void;
  /** Moves a copy to quarantine soon; false when that is full: the copy stays where it is. */
  quarantine(event: SpooledEvent, destinationId: string, reason: string): boolean;
  /** Writes what waits, at once. */
  flush(): void;
  close(): void;
}

const DEFAULT_SHARE = 0.5;
/** How soon it is noticed that the file has gone, or that another process has written it. */
const LOOK_MS = 500;

/** Opens the spool, sets a damaged file aside, and throws a `SpoolError` when events cannot be kept at all. */
export function openSpool(options: SpoolOptions): Spool {
  const { dataDir, log, clock, maxBytes, time = systemClock } = options;
  const path = join(dataDir, options.name ?? SPOOL_NAME);
  const rarely = createRarely(10_000);
  const changes = new RowChanges();
  const share = maxBytes * (options.destinationShare ?? DEFAULT_SHARE);
  const bound = quarantineBound(maxBytes);

  prepareFolder(dataDir);
  const commit = createCommit({ current: () => current, changes, log, rarely, time });
  const salvage = createSalvage({
    log,
    time,
    // New events go first.
    isBusy: () => !commit.isOpen || commit.queue.isLong,
    keep: takeBack,
  });
  const onSalvage = salvage.add;
  const current = openCurrentFile({ path, maxBytes, changes, log, rarely, clock, time, onSalvage });
  if (current.obstacle !== null) commit.refuse(current.obstacle);
  const stopLooking = time.every(LOOK_MS, look);

  /** Somebody may have taken the file away: what was answered with 200 would be in no file then. */
  function look(): void {
    if (commit.isClosed) return;
    try {
      current.look();
    } catch (error) {
      commit.refuse(error);
    }
  }

  function takeBack(found: Found, damagedPath: string, done: (isSafe: boolean) => void): void {
    const from = { file: basename(damagedPath), seq: placeOf(found) };
    if (!isQuarantined(found)) {
      const copies = found.routes.map((route) => ({ route, mayBeStored: true, quarantine: null }));
      commit.take({ event: found, copies, salvaged: from, done });
      return;
    }
    const { destinationId, subject, reason, atMs, spooledAtMs } = found;
    const route = { destinationId, subject };
    const event = { ...found.event, routes: [route] };
    const copies = [{ route, mayBeStored: true, quarantine: reason }];
    // It was answered for when the quarantine took it: now that counts, and no bound.
    commit.take({ event, copies, salvaged: { ...from, atMs, spooledAtMs }, done });
  }

  /** What is in quarantine, and what is on its way there. */
  function quarantineStock(): Stock {
    const stored = totalOf(current.file.quarantined().values());
    return addStocks(stored, addStocks(changes.refusedStock, commit.queue.refused));
  }

  function hasQuarantineFor(copies: number, payloadBytes: number): boolean {
    return copies === 0 || fits(bound, quarantineStock(), { copies, bytes: copies * payloadBytes });
  }

  return {
    get rows() {
      return current.file.rows;
    },
    get bytes() {
      return current.file.bytes;
    },
    get state() {
      return commit.state;
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
    get quarantineIsFull() {
      return isQuarantineFull(bound, quarantineStock());
    },
    backlogs: () => current.file.backlogs(),
    quarantined: () => current.file.quarantined(),
    hasShareFor: (destinationId, bytes) => {
      const backlog = current.file.backlogs().get(destinationId);
      const stock = addStocks(backlog, commit.queue.backlog(destinationId));
      return isWithinShare(stock, bytes, share);
    },
    append: (event, copies, done) => {
      let refused = 0;
      for (const { quarantine } of copies) if (quarantine !== null) refused++;
      if (copies.length === 0) done(true);
      else if (hasQuarantineFor(refused, event.payload.length)) commit.take({ event, copies, done });
      else done(false);
    },
    read: createRowReader({ current, changes, log, rarely, clock }),
    remove: (event, destinationId) => {
      changes.deliver(event, destinationId);
      commit.soon();
    },
    quarantine: (event, destinationId, reason) => {
      if (!hasQuarantineFor(1, event.payload.length)) return false;
      changes.refuse(event, destinationId, reason);
      commit.soon();
      return true;
    },
    flush: commit.flush,
    close: () => {
      if (commit.isClosed) return;
      commit.flush();
      look();
      salvage.rescue(commit.flush);
      commit.close();
      stopLooking();
      salvage.stop();
      current.close();
    },
  };
}
