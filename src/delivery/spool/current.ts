// The file that a spool writes at this moment: opened, put into quarantine when it is damaged, begun anew when all of
// it is done or somebody has taken it away. Knows no queue and no admission.
import { rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Clock } from "../../runtime/clock.ts";
import { type DeliveryLog, reasonOf } from "../log.ts";
import { absentFile, lostJob } from "./absent.ts";
import { DamageError, faultOf, isNotWritable, prepareFolder, SpoolError } from "./fault.ts";
import { type Addition, openSpoolFile, type SpoolFile } from "./file.ts";
import { SPOOL_SUFFIXES } from "./name.ts";
import { Place } from "./place.ts";
import { findQuarantined, isLogDamaged, quarantine, quarantinedJob } from "./quarantine.ts";
import type { RowChanges } from "./rowchanges.ts";
import type { SalvageJob } from "./salvage.ts";
import { shrinkSlowly } from "./shrink.ts";
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

/** Opens the file, or a new one when it is damaged; throws a `SpoolError` when events cannot be kept at all. */
export function openCurrentFile(options: CurrentFileOptions): CurrentFile {
  const { path, maxBytes, changes, log, rarely, clock, time, onSalvage } = options;
  const { removed, kept } = changes;
  let obstacle: unknown = null;
  const place = new Place(path);
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
    place.take();
    return opened;
  }

  function openFirst(): SpoolFile {
    try {
      return openOrPutAside(0);
    } catch (error) {
      const onFullDisk = openOnFullDisk(error, 0);
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
  function openOnFullDisk(error: unknown, afterSeq: number): SpoolFile | null {
    const fault = faultOf(error);
    if (fault !== "full" && fault !== "io") return null;
    try {
      const opened = open(afterSeq, true);
      obstacle = error;
      return opened;
    } catch {
      return fault === "full" ? doWithout(error, afterSeq) : null;
    }
  }

  function doWithout(error: unknown, afterSeq: number): SpoolFile {
    obstacle = error;
    return absentFile(error, afterSeq);
  }

  function putAside(reason: string, afterSeq: number): SpoolFile {
    const settled = new Set(removed.keys());
    changes.clear();
    const asidePath = quarantine(path, clock());
    log.error("the spool is damaged and set aside", { file: asidePath, reason });
    // Before the new file is there, which a full disk may delay: salvage waits for it.
    if (isOpen) salvage(asidePath, settled);
    return open(afterSeq);
  }

  function salvage(asidePath: string, settled: ReadonlySet<number>): void {
    onSalvage(quarantinedJob(asidePath, settled, () => file.salvagedSeq(basename(asidePath))));
  }

  function startOver(): SpoolFile {
    const { lastSeq } = file;
    for (const suffix of SPOOL_SUFFIXES) rmSync(path + suffix, { force: true });
    changes.clear();
    return open(lastSeq);
  }

  function replace(start: () => SpoolFile): boolean {
    const { lastSeq } = file;
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
      file = doWithout(error, lastSeq);
      return false;
    }
  }

  function look(): void {
    const state = obstacle === null ? place.look() : "ours";
    if (state === "ours") return;
    rarely("gone", () =>
      log.error("the spool's file is gone, or another one is in its place", { file: path, state }),
    );
    if (state === "emptied") replace(() => putAside("somebody has emptied it", file.lastSeq));
    // At closing SQLite writes the log into the file.
    else if (state === "log gone") replace(() => open(file.lastSeq));
    else leave();
  }

  /** Begins a new file; the old one has no name any more, and lives as long as it is open. */
  function leave(): void {
    const lost = file;
    const settled = new Set(removed.keys());
    prepareFolder(dirname(path));
    place.removeCompanions();
    file = openOrPutAside(lost.lastSeq);
    changes.clear();
    log.warn("a new spool is begun", { file: path, events: lost.rows - settled.size });
    onSalvage(lostJob(path, lost, settled));
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
    if (hasRemoved && file.rows === 0) shrinkSlowly(() => (isClosed ? null : file), time, log);
  }

  /** Does what can be done about a failed write; true when it is worth another try. */
  function isMended(error: unknown, added: readonly Addition[]): boolean {
    const fault = faultOf(error);
    if (fault === "damaged") return replace(() => putAside(reasonOf(error), file.lastSeq));
    if (fault !== "full") return false;
    // On a full disk even a deletion may find no room; a file whose every row is done can go as a whole.
    if (file.rows > 0 && removed.size === file.rows && changes.removeAllOf(file)) return replace(startOver);
    return added.length > 0 && removed.size > 0 && isRoomMade();
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
    if (obstacle !== null) regain();
    file.probeRoom();
  }

  /** Opens the file as usual, once there is room: others can read it again. What is open stays so until then. */
  function regain(): void {
    const { lastSeq } = file;
    if (!file.isAbsent) file.probeRoom();
    file.close();
    try {
      file = openOrPutAside(lastSeq);
    } catch (error) {
      file = openOnFullDisk(error, lastSeq) ?? doWithout(error, lastSeq);
      throw error;
    }
    obstacle = null;
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
