// How the file at a spool's path is opened, whatever has become of it: whole, damaged, or on a full disk.
import type { DeliveryLog } from "../log.ts";
import { reasonOf } from "../log.ts";
import { absentFile } from "./absent.ts";
import { isLogDamaged, setFileAside } from "./aside.ts";
import { DamageError, faultOf } from "./fault.ts";
import type { SpoolFile } from "./file.ts";
import { openSpoolFile } from "./openfile.ts";
import type { Place } from "./place.ts";
import { warnOfMissingLog } from "./sidelog.ts";

/** Opens the file at one path, again and again. A new file gives sequences after `afterSeq`. */
export interface Opening {
  /** Throws a `DamageError` when its log is damaged, or what SQLite throws. */
  open(afterSeq: number): SpoolFile;
  /** Opens a new one where the old one is damaged. */
  openOrSetAside(afterSeq: number): SpoolFile;
  /** Sets what is there aside, and opens a new one. */
  setAside(reason: string, afterSeq: number): SpoolFile;
  /** What can be used when a file could not be opened for want of room; null when that was not why. */
  onFullDisk(error: unknown, afterSeq: number): SpoolFile | null;
}

/** Where the file is, and who hears of it. */
export interface OpeningOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly place: Place;
  readonly log: DeliveryLog;
  /** Lets a line of each kind through now and then. */
  readonly rarely: (kind: string, write: () => void) => void;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Told where a damaged file is now, before there is a new one: a full disk may delay that. */
  readonly onAside: (asidePath: string) => void;
}

/** Opens nothing yet. */
export function createOpening(options: OpeningOptions): Opening {
  const { path, maxBytes, place, log, rarely, clock, onAside } = options;

  function open(afterSeq: number, isExclusive = false): SpoolFile {
    // SQLite would take the first damaged frame for the log's end, and give the room of all that follow to others.
    if (isLogDamaged(path)) throw new DamageError("its log is damaged");
    const opened = openSpoolFile(path, { maxBytes, afterSeq, isExclusive, clock, onMisfit });
    place.take();
    return opened;
  }

  function onMisfit(reason: string): void {
    rarely("misfit", () => log.warn("the spool's index of copies is made anew", { file: path, reason }));
  }

  function setAside(reason: string, afterSeq: number): SpoolFile {
    const asidePath = setFileAside(path, clock());
    log.error("the spool is damaged and set aside", { file: asidePath, reason });
    onAside(asidePath);
    return open(afterSeq);
  }

  return {
    open,
    openOrSetAside: (afterSeq) => {
      warnOfMissingLog(path, log);
      try {
        return open(afterSeq);
      } catch (error) {
        if (faultOf(error) !== "damaged") throw error;
        return setAside(reasonOf(error), afterSeq);
      }
    },
    setAside,
    onFullDisk: (error, afterSeq) => {
      const fault = faultOf(error);
      if (fault !== "full" && fault !== "io") return null;
      try {
        return open(afterSeq, true);
      } catch {
        return fault === "full" ? absentFile(error, afterSeq) : null;
      }
    },
  };
}
