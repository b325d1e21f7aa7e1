// What stands in for a spool's file: one that cannot be made for want of room, and one that somebody has taken away.
import type { SpoolFile } from "./file.ts";
import { type DamagedRow, wholeRows } from "./row.ts";
import type { Settled } from "./rowchanges.ts";
import { type Found, NOT_BEGUN, placeOfQuarantined, type SalvageJob, type SalvageSource } from "./salvage.ts";
import { totalOf } from "./stock.ts";

const NONE: ReadonlyMap<string, never> = new Map<string, never>();

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
    backlogs: () => NONE,
    quarantined: () => NONE,
    write: fail,
    read: () => [],
    readAll: () => [],
    readQuarantined: () => [],
    setAside: fail,
    salvagedSeq: () => NOT_BEGUN,
    refresh() {},
    probeRoom: fail,
    shrink: () => false,
    close() {},
  };
}

/** Brings over what a file holds that has no name any more, and lives as long as it is open. */
export function lostJob(path: string, file: SpoolFile, settled: Settled): SalvageJob {
  return { path, settled, isLost: true, open: () => lostSource(file), done: () => NOT_BEGUN };
}

function lostSource(file: SpoolFile): SalvageSource {
  const total = file.rows + totalOf(file.quarantined().values()).copies;
  let place = NOT_BEGUN;
  let seen = 0;
  let isOver = total === 0;

  function read(limit: number): (Found | DamagedRow)[] {
    if (place < 0) {
      const copies = file.readQuarantined(place - NOT_BEGUN, limit);
      const last = copies.at(-1);
      place = last === undefined ? 0 : placeOfQuarantined(last.seq);
      if (last !== undefined) return copies;
    }
    const rows = file.readAll(place, limit);
    place = rows.at(-1)?.seq ?? place;
    return rows;
  }

  return {
    isReady: () => true,
    left: () => (isOver ? 0 : Math.max(1, total - seen)),
    next: (limit) => {
      const rows = read(limit);
      seen += rows.length;
      isOver = rows.length === 0;
      const found = wholeRows(rows);
      return { found, damaged: rows.length - found.length };
    },
    rewind: (after) => {
      place = after;
      isOver = false;
    },
    finish: () => file.close(),
    close: () => file.close(),
  };
}
