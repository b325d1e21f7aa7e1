// The file that a spool writes at this moment: opened, put into quarantine when it is damaged, begun anew when all of
// it is done or somebody has taken it away. Knows no queue and no admission.
import { rmSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Clock } from "../../runtime/clock.ts";
import { type DeliveryLog, reasonOf } from "../log.ts";
import { absentFile, lostSource } from "./absent.ts";
import { DamageError, faultOf, isNotWritable, prepareFolder, SpoolError } from "./fault.ts";
import { type Addition, openSpoolFile, type SpoolFile } from "./file.ts";
import { SPOOL_SUFFIXES } from "./name.ts";
import { findQuarantined, isLogDamaged, openQuarantined, quarantine } from "./quarantine.ts";
import type { RowChanges } from "./rowchanges.ts";
import type { SalvageJob } from "./salvage.ts";
import { warnOfMissingLog } from "./sidelog.ts";

/** The file in use. */
export interface CurrentFile {
  readonly file: Pick<SpoolFile, "rows" | "bytes" | "oldestAt" | "damagedRows" | "read" | "setAside">;
  /** Why nothing can be written although the spool is open: the disk is full; null when that is not so. */
  readonly obstacle: unknown;
  /**
   * Writes events, and the row changes that wait, as one transaction. Does what can be done about a fault, and throws
   * what SQLite has thrown when that was nothing.
   */
  write(added: readonly Addition[]): void;
  /** Puts the damaged file into quarantine and begins a new one; false when there cannot be one. */
  quarantine(reason: string): boolean;
  /** Looks whether the file is still where it was opened, and begins a new one when not. Throws when there is none. */
  look(): void;
  /** Throws unless there is room for an event of 16 KiB. */
  probeRoom(): void;
  close(): void;
}

/** Where the file is, and who hears of a damaged one. */
export interface CurrentFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly changes: RowChanges;
  readonly log: DeliveryLog;
  /** Lets a line of each kind through now and then. */
  readonly rarely: (kind: string, write: () => void) => void;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** For pauses. */
  readonly time: Clock;
  /** Told of each file whose events are to come back, once there is one they can come back to. */
  readonly onSalvage: (job: SalvageJob) => void;
}

const SHRINK_PAUSE_MS = 50;

/** Opens the file, or a new one when it is damaged; throws a `SpoolError` when events cannot be kept at all. */
export function openCurrentFile(options: CurrentFileOptions): CurrentFile {
  const { path, maxBytes, changes, log, rarely, clock, time, onSalvage } = options;
  const { removed, kept } = changes;
  let obstacle: unknown = null;
  let inode = 0;
  let isClosed = false;
  /** Before that a file that is put aside is found with those of earlier times. */
  let isOpen = false;
  let file = openFirst();
  isOpen = true;
  for (const damaged of findQuarantined(path)) salvage(damaged, new Set());

  function open(afterSeq = 0, isExclusive = false): SpoolFile {
    // SQLite would take the first damaged frame for the log's end, and give the room of all that follow to others.
    if (isLogDamaged(path)) throw new DamageError("its log is damaged");
    const opened = openSpoolFile(path, { maxBytes, afterSeq, isExclusive });
    inode = statSync(path).ino;
    return opened;
  }

  function openFirst(): SpoolFile {
    try {
      return openOrPutAside(0);
    } catch (error) {
      const onFullDisk = openOnFullDisk(error);
      if (onFullDisk !== null) return onFullDisk;
      const reason = isNotWritable(error) ? "the directory is not writable" : reasonOf(error);
      throw new SpoolError(`Cannot open the spool "${path}": ${reason}`, { cause: error });
    }
  }

  function openOrPutAside(afterSeq: number): SpoolFile {
    warnOfMissingLog(path, log);
    try {
      return open(afterSeq);
    } catch (error) {
      if (faultOf(error) !== "damaged") throw error;
      return putAside(reasonOf(error), afterSeq);
    }
  }

  /** A full disk is no reason not to start: what is in the file is relayed, and new events wait for room. */
  function openOnFullDisk(error: unknown): SpoolFile | null {
    const fault = faultOf(error);
    if (fault !== "full" && fault !== "io") return null;
    try {
      const opened = open(0, true);
      obstacle = error;
      return opened;
    } catch {
      if (fault !== "full") return null;
      obstacle = error;
      return absentFile(error);
    }
  }

  function putAside(reason: string, afterSeq: number): SpoolFile {
    const settled = new Set(removed.keys());
    changes.clear();
    const asidePath = quarantine(path, clock());
    log.error("the spool is damaged and set aside", { file: asidePath, reason });
    const fresh = open(afterSeq);
    if (isOpen) salvage(asidePath, settled);
    return fresh;
  }

  function salvage(asidePath: string, settled: ReadonlySet<number>): void {
    onSalvage({
      path: asidePath,
      settled,
      open: () => openQuarantined(asidePath),
      doneSeq: () => file.salvagedSeq(basename(asidePath)),
    });
  }

  function startOver(): SpoolFile {
    const { lastSeq } = file;
    for (const suffix of SPOOL_SUFFIXES) rmSync(path + suffix, { force: true });
    changes.clear();
    return open(lastSeq);
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
      rarely("replace", () => log.error("Cannot start a new spool", { reason: reasonOf(error) }));
      return false;
    }
  }

  function look(): void {
    if (obstacle !== null || inode === inodeOf(path)) return;
    const lost = file;
    const settled = new Set(removed.keys());
    rarely("gone", () =>
      log.error("the spool's file is gone, or another one is in its place", { file: path }),
    );
    prepareFolder(dirname(path));
    // The log that is left is the lost file's: a new one would take it for its own.
    for (const suffix of SPOOL_SUFFIXES.slice(1)) rmSync(path + suffix, { force: true });
    file = openOrPutAside(lost.lastSeq);
    changes.clear();
    log.warn("a new spool is begun", { file: path, events: lost.rows - settled.size });
    onSalvage({ path, settled, open: () => lostSource(lost), doneSeq: () => 0 });
  }

  function write(added: readonly Addition[]): void {
    try {
      writeOnce(added);
    } catch (error) {
      if (!isMended(error, added)) throw error;
      writeOnce(added);
    }
  }

  function writeOnce(added: readonly Addition[]): void {
    const hasRemoved = removed.size > 0;
    file.write({ added, removed, kept, nowMs: clock() });
    changes.clear();
    if (hasRemoved && file.rows === 0) shrink();
  }

  /** Does what can be done about a failed write; true when it is worth another try. */
  function isMended(error: unknown, added: readonly Addition[]): boolean {
    const fault = faultOf(error);
    if (fault === "damaged") return replace(() => putAside(reasonOf(error), file.lastSeq));
    if (fault !== "full") return false;
    // On a full disk even a deletion may find no room; a file whose every row is done can go as a whole.
    if (file.rows > 0 && removed.size === file.rows && isAllDone()) return replace(startOver);
    return added.length > 0 && removed.size > 0 && isRoomMade();
  }

  /** Whether no row is left that is not done: the sums alone are not worth events. */
  function isAllDone(): boolean {
    return file.read({ afterSeq: 0, limit: removed.size + 1 }).every(({ seq }) => removed.has(seq));
  }

  /** The deletions alone may fit, and make room. */
  function isRoomMade(): boolean {
    try {
      writeOnce([]);
      return true;
    } catch {
      return false;
    }
  }

  function probeRoom(): void {
    if (obstacle !== null) {
      // Opened anew, now as usual: others can read it again.
      if (!replace(() => open())) throw obstacle;
      obstacle = null;
    }
    file.probeRoom();
  }

  function shrink(): void {
    try {
      if (!isClosed && file.shrink()) time.after(SHRINK_PAUSE_MS, shrink);
    } catch (error) {
      rarely("shrink", () => log.warn("Cannot shrink the spool", { reason: reasonOf(error) }));
    }
  }

  return {
    get file() {
      return file;
    },
    get obstacle() {
      return obstacle;
    },
    write,
    quarantine: (reason) => replace(() => putAside(reason, file.lastSeq)),
    look,
    probeRoom,
    close: () => {
      isClosed = true;
      try {
        file.close();
      } catch (error) {
        log.warn("Cannot close the spool", { reason: reasonOf(error) });
      }
    },
  };
}

/** Which file a path names; 0 when it names none. */
function inodeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? 0;
}
