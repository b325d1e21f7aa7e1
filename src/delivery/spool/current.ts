// The file that a spool writes at this moment: opened, put into quarantine when it is damaged, begun anew when all of
// it is done. Knows no queue; who owns the spool says what is done already.
import { rmSync } from "node:fs";
import { type DeliveryLog, reasonOf } from "../log.ts";
import { faultOf, SpoolError } from "./fault.ts";
import { openSpoolFile, type SpoolFile } from "./file.ts";
import { SPOOL_SUFFIXES } from "./name.ts";
import { type Quarantined, quarantine } from "./quarantine.ts";

/** The file in use. */
export interface CurrentFile {
  readonly file: SpoolFile;
  /** Puts the damaged file into quarantine and begins a new one; false when there cannot be one. */
  quarantine(reason: string): boolean;
  /** Deletes the file, whose every row is done, and begins a new one; false when there cannot be one. */
  startOver(): boolean;
}

/** Where the file is, and who hears of a damaged one. */
export interface CurrentFileOptions {
  readonly path: string;
  readonly maxBytes: number;
  readonly log: DeliveryLog;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  /** Lets a line of each kind through now and then. */
  readonly rarely: (kind: string, write: () => void) => void;
  /** Told once the new file is there, so that what the old one still holds can be brought over. */
  readonly onQuarantined: (quarantined: Quarantined) => void;
}

/** Opens the file, or a new one when it is damaged; throws a `SpoolError` when events cannot be kept at all. */
export function openCurrentFile(options: CurrentFileOptions): CurrentFile {
  const { path, maxBytes, log, clock, rarely, onQuarantined } = options;
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
    const quarantined = quarantine(path, clock());
    log.error("the spool is damaged and set aside", { file: quarantined.path, reason });
    const fresh = open();
    onQuarantined(quarantined);
    return fresh;
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

  return {
    get file() {
      return file;
    },
    quarantine: (reason) => replace(() => putAside(reason)),
    startOver: () =>
      replace(() => {
        for (const suffix of SPOOL_SUFFIXES) rmSync(path + suffix, { force: true });
        return open();
      }),
  };
}
