// What can be wrong with a spool's file, in our words: SQLite's and the system's errors are known here alone.
import { reasonOf } from "../log.ts";
import { createPrivateFolder } from "./private.ts";

/** A spool that cannot be opened or read; the message is one line for a person, and the cause what the system said. */
export class SpoolError extends Error {
  override readonly name = "SpoolError";
}

/** What SQLite does not notice of a file whose bytes the disk has changed. */
export class DamageError extends Error {
  override readonly name = "DamageError";
}

/** The index of copies says something else than the events: it can be made anew from them. */
export class MisfitError extends Error {
  override readonly name = "MisfitError";
}

/**
 * `full`: no room in the file's bound or on the disk. `damaged`: not a database any more. `busy`: locked by another
 * process. `io`: the disk reports errors, or the folder is read-only. `other`: a bug.
 */
export type SpoolFault = "full" | "damaged" | "busy" | "io" | "other";

/** SQLite's primary result codes. */
const CODES: Readonly<Record<number, SpoolFault>> = {
  5: "busy",
  6: "busy",
  8: "io",
  10: "io",
  11: "damaged",
  13: "full",
  14: "io",
  26: "damaged",
};

/** No room for the index beside the log, an extended result code: to SQLite an I/O error. */
const NO_ROOM_FOR_INDEX = 4874;

/** What an error of SQLite means for us. Deno gives no code for an error at opening, only the text. */
export function faultOf(error: unknown): SpoolFault {
  if (!(error instanceof Error)) return "other";
  if (error instanceof DamageError || error instanceof MisfitError) return "damaged";
  const code = (error as { errcode?: unknown }).errcode;
  if (code === NO_ROOM_FOR_INDEX) return "full";
  const fault = typeof code === "number" ? CODES[code & 0xff] : undefined;
  if (fault !== undefined) return fault;
  const text = error.message;
  if (/disk is full|no space left/i.test(text)) return "full";
  if (
    /malformed|not a database|no such (table|column)|incomplete|unsupported file format|already exists|duplicate column/i.test(
      text,
    )
  )
    return "damaged";
  if (/locked/i.test(text)) return "busy";
  if (/unable to open|disk I\/O|readonly/i.test(text)) return "io";
  return "other";
}

/** Whether an error says that we have no right to write there, or that it is read-only. */
export function isNotWritable(error: unknown): boolean {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  if (typeof code === "number") return [8, 14].includes(code & 0xff);
  return error instanceof Error && /unable to open|readonly/i.test(error.message);
}

/** Creates the folder of a spool, for this user alone; throws a `SpoolError`. */
export function prepareFolder(dataDir: string): void {
  try {
    createPrivateFolder(dataDir);
  } catch (error) {
    throw new SpoolError(`Cannot create the data directory "${dataDir}": ${systemReason(error)}`, {
      cause: error,
    });
  }
}

/** What an error of the system says of a file or a folder. */
export function systemReason(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "EROFS") return "the file system is read-only";
  if (code === "EEXIST" || code === "ENOTDIR") return "it is not a directory";
  if (code === "ENOSPC") return "no space left on the disk";
  return reasonOf(error);
}
