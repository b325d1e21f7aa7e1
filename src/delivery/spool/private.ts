// Who may look at a spool: its folder and its files are for the gateway's user alone, whatever the umask is.
import { chmodSync, closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { SPOOL_SUFFIXES } from "./name.ts";

const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
const MODE_BITS = 0o777;

/** Creates a folder, and those above it that are missing. Throws what the system throws. */
export function createPrivateFolder(path: string): void {
  const made = mkdirSync(path, { recursive: true, mode: FOLDER_MODE });
  // An unusual umask may have taken the owner's own rights.
  if (made !== undefined) chmodSync(path, FOLDER_MODE);
}

/**
 * Creates a file, or takes a file that is there from others. Gives back why there is none, else null; whoever opens it then hears
 * the same of SQLite, which gives the log and the index beside a file the rights of that file.
 */
export function createPrivateFile(path: string): unknown {
  try {
    closeSync(openSync(path, "wx", FILE_MODE));
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === "EEXIST";
    if (!isThere) return error;
  }
  for (const suffix of SPOOL_SUFFIXES) restrictFile(path + suffix);
  return null;
}

/** Takes a file from others, where there is one and it is ours. */
export function restrictFile(path: string): void {
  try {
    // By name: a descriptor of our own would, when it is closed, end the locks that this process has through SQLite.
    const mode = statSync(path, { throwIfNoEntry: false })?.mode;
    if (mode !== undefined && (mode & MODE_BITS) !== FILE_MODE) chmodSync(path, FILE_MODE);
  } catch {
    // Another user's, who lets us use it: the rights are his to give.
  }
}

/** The rights of a folder that others may use, such as `755`; null when it is for its user alone. */
export function openModeOf(folder: string): string | null {
  const { mode, uid } = statSync(folder);
  // In a folder of somebody else the group may be how we get in, as on a volume of Kubernetes.
  const others = uid === process.getuid?.() ? 0o077 : 0o007;
  return (mode & others) === 0 ? null : (mode & MODE_BITS).toString(8);
}
