// The file that a spool writes at this moment: opened, put into quarantine when it is damaged, begun anew when all of
// it is done. Knows no queue and no admission.
import { rmSync } from "node:fs";
import type { Clock } from "../../runtime/clock.ts";
import { type DeliveryLog, reasonOf } from "../log.ts";
import { faultOf, SpoolError } from "./fault.ts";
import { type Addition, openSpoolFile, type SpoolFile } from "./file.ts";
import { SPOOL_SUFFIXES } from "./name.ts";
import { type Quarantined, quarantine } from "./quarantine.ts";
import type { RowChanges } from "./rowchanges.ts";

/** The file in use. */
export interface CurrentFile {
  readonly file: Pick<SpoolFile, "rows" | "bytes" | "oldestAt" | "read" | "probeRoom">;
  /**
   * Writes events, and the row changes that wait, as one transaction. Does what can be done about a fault, and throws
   * what SQLite has thrown when that was nothing.
   */
  write(added: readonly Addition[]): void;
  /** Puts the damaged file into quarantine and begins a new one; false when there cannot be one. */
  quarantine(reason: string): boolean;
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
  /** Told once the new file is there: what the old one holds, and which of its rows are done. */
  readonly onQuarantined: (quarantined: Quarantined, done: ReadonlySet<number>) => void;
}

const SHRINK_PAUSE_MS = 50;

/** Opens the file, or a new one when it is damaged; throws a `SpoolError` when events cannot be kept at all. */
export function openCurrentFile(options: CurrentFileOptions): CurrentFile {
  const { path, maxBytes, changes, log, rarely, clock, time, onQuarantined } = options;
  const { removed, kept } = changes;
  let isClosed = false;
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
        return putAside(reasonOf(error));
      }
    } catch (error) {
      const reason = faultOf(error) === "io" ? "the directory is not writable" : reasonOf(error);
      throw new SpoolError(`Cannot open the spool "${path}": ${reason}`, { cause: error });
    }
  }

  function putAside(reason: string): SpoolFile {
    const done = new Set(removed.keys());
    changes.clear();
    const quarantined = quarantine(path, clock());
    log.error("the spool is damaged and set aside", { file: quarantined.path, reason });
    const fresh = open();
    onQuarantined(quarantined, done);
    return fresh;
  }

  function startOver(): SpoolFile {
    for (const suffix of SPOOL_SUFFIXES) rmSync(path + suffix, { force: true });
    changes.clear();
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
      rarely("replace", () => log.error("Cannot start a new spool", { reason: reasonOf(error) }));
      return false;
    }
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
    if (fault === "damaged") return replace(() => putAside(reasonOf(error)));
    if (fault !== "full") return false;
    // On a full disk even a deletion may find no room; a file whose every row is done can go as a whole.
    if (file.rows > 0 && removed.size === file.rows) return replace(startOver);
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
    write,
    quarantine: (reason) => replace(() => putAside(reason)),
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
