// Puts a damaged spool file aside and reads what is still readable: from the front to the damage, then from the back.
import { existsSync, renameSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { EVENT_COLUMNS, type SpooledEvent, toSpooledEvent } from "./file.ts";
import { SPOOL_SUFFIXES } from "./name.ts";

/** A damaged file that was set aside, open for reading. */
export interface Quarantined {
  /** Where the damaged file is now. */
  readonly path: string;
  /** The next readable events, or null when there are no more. */
  read(): SpooledEvent[] | null;
  close(): void;
}

const BATCH = 200;

/** Renames the file and the log beside it to `<file>.damaged-<time>`; throws when it cannot. */
export function quarantine(path: string, nowMs: number): Quarantined {
  const time = new Date(nowMs).toISOString().replace(/[-:]/g, "").replace(/\..*/, "Z");
  let asidePath = `${path}.damaged-${time}`;
  for (let copy = 2; existsSync(asidePath); copy++) asidePath = `${path}.damaged-${time}-${copy}`;
  for (const suffix of SPOOL_SUFFIXES) {
    if (existsSync(path + suffix)) renameSync(path + suffix, asidePath + suffix);
  }
  return { path: asidePath, ...createReader(asidePath) };
}

function createReader(path: string): Pick<Quarantined, "read" | "close"> {
  let file: DatabaseSync | null = null;
  let isForward = true;
  let front = 0;
  let back = Number.MAX_SAFE_INTEGER;
  let size = BATCH;

  function close(): void {
    try {
      file?.close();
    } catch {
      // Nothing more is wanted of it.
    }
    file = null;
  }

  function next(): SpooledEvent[] {
    file ??= new DatabaseSync(path);
    const order = isForward ? "ASC" : "DESC";
    const rows = file
      .prepare(
        `SELECT ${EVENT_COLUMNS} FROM events WHERE seq > ? AND seq < ? ORDER BY seq ${order} LIMIT ${size}`,
      )
      .all(front, back)
      .map(toSpooledEvent);
    for (const { seq } of rows) {
      if (isForward) front = Math.max(front, seq);
      else back = Math.min(back, seq);
    }
    return rows;
  }

  return {
    close,
    read: () => {
      for (;;) {
        try {
          const rows = next();
          if (rows.length > 0) return rows;
        } catch {
          // Smaller and smaller steps lead up to the damage; then it is tried from the other end.
          if (size > 1) {
            size = Math.ceil(size / 8);
            continue;
          }
          if (isForward) {
            isForward = false;
            size = BATCH;
            continue;
          }
        }
        close();
        return null;
      }
    },
  };
}
