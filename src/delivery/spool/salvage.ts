// Puts a damaged spool file aside and reads what is still readable: from the front to the damage, then from the back.
import { existsSync, renameSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { DeliveryLog } from "../log.ts";
import { EVENT_COLUMNS, type SpooledEvent, toSpooledEvent } from "./file.ts";
import { SPOOL_SUFFIXES } from "./name.ts";

/** A damaged file that was set aside, open for reading. */
export interface Salvage {
  /** Where the damaged file is now. */
  readonly path: string;
  /** The next readable events, or null when there are no more. */
  read(): SpooledEvent[] | null;
  close(): void;
}

const BATCH = 200;

/** Renames the file and the log beside it to `<file>.damaged-<time>`; throws when it cannot. */
export function quarantine(path: string, nowMs: number): Salvage {
  const time = new Date(nowMs).toISOString().replace(/[-:]/g, "").replace(/\..*/, "Z");
  let asidePath = `${path}.damaged-${time}`;
  for (let copy = 2; existsSync(asidePath); copy++) asidePath = `${path}.damaged-${time}-${copy}`;
  for (const suffix of SPOOL_SUFFIXES) {
    if (existsSync(path + suffix)) renameSync(path + suffix, asidePath + suffix);
  }
  return { path: asidePath, ...createReader(asidePath) };
}

function createReader(path: string): Pick<Salvage, "read" | "close"> {
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

/** Where salvaged events go. */
export interface SalvageSink {
  readonly log: DeliveryLog;
  isOver(): boolean;
  /** True while a batch would be too much. */
  isBusy(): boolean;
  keep(event: SpooledEvent, done: (isSafe: boolean) => void): void;
}

const PAUSE_MS = 5;
const BUSY_PAUSE_MS = 1000;

/** Hands what can be read to a sink, a batch at a time, and says at the end how much that was. */
export function bringBack(salvage: Salvage, sink: SalvageSink): void {
  let saved = 0;
  let isLost = false;
  const next = () => {
    if (sink.isOver()) {
      salvage.close();
      return;
    }
    const isBusy = sink.isBusy();
    const batch = isBusy ? [] : salvage.read();
    if (batch === null) {
      const fields = { events: saved, file: salvage.path };
      if (isLost) sink.log.error("Cannot bring every salvaged event back: the spool refused some", fields);
      else sink.log.warn("the readable events of the damaged spool are back", fields);
      return;
    }
    for (const event of batch) {
      sink.keep(event, (isSafe) => {
        if (isSafe) saved++;
        else isLost = true;
      });
    }
    setTimeout(next, isBusy ? BUSY_PAUSE_MS : PAUSE_MS).unref();
  };
  setTimeout(next, PAUSE_MS).unref();
}
