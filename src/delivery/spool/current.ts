// The file that a spool writes at this moment: opened, set aside when it is damaged, begun anew when all of
// it is done or somebody has taken it away. Knows no queue and no admission.
import { rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { Clock } from "../../runtime/clock.ts";
import { type DeliveryLog, reasonOf } from "../log.ts";
import { absentFile, lostJob } from "./absent.ts";
import type { Addition } from "./addition.ts";
import { asideJob, findAside } from "./aside.ts";
import { faultOf, isNotWritable, prepareFolder, SpoolError } from "./fault.ts";
import type { SpoolFile } from "./file.ts";
import { SPOOL_SUFFIXES } from "./name.ts";
import { createOpening } from "./opening.ts";
import { Place } from "./place.ts";
import type { RowChanges, Settled } from "./rowchanges.ts";
import type { SalvageJob } from "./salvage.ts";
import { shrinkSlowly } from "./shrink.ts";

/** The file in use. */
export interface CurrentFile {
  readonly file: Pick<
    SpoolFile,
    "rows" | "bytes" | "oldestAt" | "damagedRows" | "backlogs" | "quarantined" | "read" | "setAside"
  >;
  /** Why nothing can be written although the spool is open: the disk is full; null when that is not so. */
  readonly obstacle: unknown;
  /**
   * Writes events, and the row changes that wait, as one transaction. Does what can be done about a fault, and throws
   * what SQLite has thrown when that was nothing.
   */
  write(added: readonly Addition[]): void;
  /** Sets the damaged file aside and begins a new one; false when there cannot be one. */
  setAside(reason: string): boolean;
  /**
   * Looks whether the file is still where it was opened, and begins a new one when not; and whether another process has
   * written it. Throws when there is none.
   */
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
  const { delivered, refused } = changes;
  const place = new Place(path);
  const opening = createOpening({ path, maxBytes, place, log, rarely, clock, onAside });
  let obstacle: unknown = null;
  let isClosed = false;
  /** Before that a file that is set aside is found with those of earlier times. */
  let isOpen = false;
  let file = openFirst();
  isOpen = true;
  for (const damaged of findAside(path)) salvage(damaged, new Map());

  /** A full disk is no reason not to start: what is in the file is relayed, and new events wait for room. */
  function openFirst(): SpoolFile {
    try {
      return opening.openOrSetAside(0);
    } catch (error) {
      obstacle = error;
      const onFullDisk = opening.onFullDisk(error, 0);
      if (onFullDisk !== null) return onFullDisk;
      const reason = isNotWritable(error) ? "the directory is not writable" : reasonOf(error);
      throw new SpoolError(`Cannot open the spool "${path}": ${reason}`, { cause: error });
    }
  }

  function onAside(asidePath: string): void {
    const settled = changes.settled();
    changes.clear();
    // Salvage waits for the new file.
    if (isOpen) salvage(asidePath, settled);
  }

  function salvage(asidePath: string, settled: Settled): void {
    onSalvage(asideJob(asidePath, settled, () => file.salvagedSeq(basename(asidePath))));
  }

  /** Sets the file in use aside, and begins a new one. */
  function setAside(reason: string): boolean {
    return replace(() => opening.setAside(reason, file.lastSeq));
  }

  function startOver(): SpoolFile {
    const { lastSeq } = file;
    for (const suffix of SPOOL_SUFFIXES) rmSync(path + suffix, { force: true });
    changes.clear();
    return opening.open(lastSeq);
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
      obstacle = error;
      file = absentFile(error, lastSeq);
      return false;
    }
  }

  function look(): void {
    const state = obstacle === null ? place.look() : "ours";
    if (state === "ours") {
      refresh();
      return;
    }
    rarely("gone", () =>
      log.error("the spool's file is gone, or another one is in its place", { file: path, state }),
    );
    if (state === "emptied") setAside("somebody has emptied it");
    // At closing SQLite writes the log into the file.
    else if (state === "log gone") replace(() => opening.open(file.lastSeq));
    else leave();
  }

  /** An operator's command may have written it meanwhile. */
  function refresh(): void {
    try {
      file.refresh();
    } catch (error) {
      const reason = reasonOf(error);
      if (faultOf(error) === "damaged") setAside(reason);
      else rarely("read", () => log.error("Cannot read the spool", { reason }));
    }
  }

  /** Begins a new file; the old one has no name any more, and lives as long as it is open. */
  function leave(): void {
    const lost = file;
    const settled = changes.settled();
    prepareFolder(dirname(path));
    place.removeCompanions();
    file = opening.openOrSetAside(lost.lastSeq);
    changes.clear();
    log.warn("a new spool is begun", { file: path, events: lost.rows });
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
    const hasRemoved = !changes.isEmpty;
    file.write({ added, delivered, refused, nowMs: clock() });
    changes.clear();
    if (hasRemoved && file.rows === 0) shrinkSlowly(() => (isClosed ? null : file), time, log);
  }

  /** Does what can be done about a failed write; true when it is worth another try. */
  function isMended(error: unknown, added: readonly Addition[]): boolean {
    const fault = faultOf(error);
    if (fault === "damaged") return setAside(reasonOf(error));
    if (fault !== "full") return false;
    // On a full disk even a deletion may find no room; a file whose every row is done can go as a whole.
    if (changes.emptiesAllOf(file)) return replace(startOver);
    return (added.length > 0 || refused.size > 0) && delivered.size > 0 && isRoomMade();
  }

  /** The deletions alone may fit, and make room. */
  function isRoomMade(): boolean {
    try {
      file.write({ added: [], delivered, refused: new Map(), nowMs: clock() });
      changes.clearDelivered();
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
      file = opening.openOrSetAside(lastSeq);
    } catch (error) {
      obstacle = error;
      file = opening.onFullDisk(error, lastSeq) ?? absentFile(error, lastSeq);
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
    setAside,
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
