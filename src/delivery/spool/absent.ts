// What stands in for a spool's file: one that cannot be made for want of room, and one that somebody has taken away.

import type { SpoolFile } from "./file.ts";
import { DamagedRow, type SpooledEvent } from "./row.ts";
import type { SalvageJob, SalvageSource } from "./salvage.ts";

/** A file that is not there: it holds nothing, and every write fails as its making has. Sequences go on after `lastSeq`. */
export function absentFile(error: unknown, lastSeq: number): SpoolFile {
  const fail = (): never => {
    throw error;
  };
  return {
    rows: 0,
    bytes: 0,
    oldestAt: null,
    lastSeq,
    isAbsent: true,
    damagedRows: 0,
    write: fail,
    read: () => [],
    setAside: fail,
    salvagedSeq: () => 0,
    probeRoom: fail,
    shrink: () => false,
    close() {},
  };
}

/** Brings over what a file holds that has no name any more, and lives as long as it is open. */
export function lostJob(path: string, file: SpoolFile, settled: ReadonlySet<number>): SalvageJob {
  return { path, settled, isLost: true, open: () => lostSource(file), doneSeq: () => 0 };
}

function lostSource(file: SpoolFile): SalvageSource {
  let cursor = 0;
  let seen = 0;
  let isOver = file.rows === 0;
  return {
    isReady: () => true,
    left: () => (isOver ? 0 : Math.max(1, file.rows - seen)),
    next: (limit) => {
      const rows = file.read({ afterSeq: cursor, limit });
      cursor = rows.at(-1)?.seq ?? cursor;
      seen += rows.length;
      isOver = rows.length === 0;
      const events = rows.filter((row): row is SpooledEvent => !(row instanceof DamagedRow));
      return { events, damaged: rows.length - events.length };
    },
    rewind: (afterSeq) => {
      cursor = afterSeq;
      isOver = false;
    },
    finish: () => file.close(),
    close: () => file.close(),
  };
}
