// What the commands say of the log beside a spool's file.
import { join } from "node:path";
import { sideLogOf } from "../delivery/spool/sidelog.ts";

/** For whoever is about to copy a spool. */
export const BELONGS = "What lies beside a spool as -wal and -shm belongs to it: copy the three together";

/** Warns on stderr of a log that is missing, or may be. */
export function warnOfLog(dataDir: string, file: string): void {
  const sideLog = sideLogOf(join(dataDir, file));
  if (sideLog === "missing") {
    console.error(
      `Warning: ${file} was not closed cleanly and ${file}-wal is missing: what was spooled last may be lost`,
    );
  } else if (sideLog === "unknown") {
    console.error(
      `Warning: ${file}-wal is missing, and a version before 0.2.0 wrote ${file}: unless its gateway had been stopped, what was spooled last is lost`,
    );
  }
}
