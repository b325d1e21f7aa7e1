// What the files of the spools in a data directory are called.

/** The file of a gateway with one process, or of its first worker. */
export const SPOOL_NAME = "spool.db";

/** Whoever holds a lock on it is the one process that may open the spools beside it. */
export const LOCK_NAME = "gateway.lock";

/** What follows the name: the file itself, and the log and its index that SQLite keeps beside an open one. */
export const SPOOL_SUFFIXES = ["", "-wal", "-shm"] as const;

/** The file of a worker's spool. */
export function spoolNameOf(worker: number): string {
  return worker === 0 ? SPOOL_NAME : `spool-${worker}.db`;
}

/** Whose spool a file is, as a worker's index; null when it is none. */
export function workerOf(name: string): number | null {
  if (name === SPOOL_NAME) return 0;
  const number = /^spool-(\d+)\.db$/.exec(name)?.[1];
  return number === undefined ? null : Number(number);
}

/** A spool's file that was damaged and set aside, or the spool itself; null for a file of another kind. */
export function spoolOf(name: string): { readonly spool: string; readonly isDamaged: boolean } | null {
  const [, spool = "", aside] = /^(spool(?:-\d+)?\.db)(\.damaged-[^/]*?)?$/.exec(name) ?? [];
  if (spool === "" || /-(?:wal|shm)$/.test(name)) return null;
  return { spool, isDamaged: aside !== undefined };
}
