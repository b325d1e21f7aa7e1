// Gives the room of an empty file back to the disk, piece by piece, so that nobody waits for it.
import type { Clock } from "../../runtime/clock.ts";
import { type DeliveryLog, reasonOf } from "../log.ts";
import type { SpoolFile } from "./file.ts";

const PAUSE_MS = 50;

/** Goes on until the file gives no more, or `fileOf` gives none: it is closed. */
export function shrinkSlowly(
  fileOf: () => Pick<SpoolFile, "shrink"> | null,
  time: Clock,
  log: DeliveryLog,
): void {
  try {
    if (fileOf()?.shrink()) time.after(PAUSE_MS, () => shrinkSlowly(fileOf, time, log));
  } catch (error) {
    log.warn("Cannot shrink the spool", { reason: reasonOf(error) });
  }
}
