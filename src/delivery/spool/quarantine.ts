// Damaged files: put aside under another name, and read row by row, page by page, for what they still hold.
import { existsSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { SPOOL_SUFFIXES } from "./name.ts";
import { findRows, Pages, type Place, readRawRow } from "./pages.ts";
import { DamagedRow, readRow, type SpooledEvent } from "./row.ts";
import type { SalvageJob, SalvageSource } from "./salvage.ts";
import { isWalDamaged } from "./wal.ts";

/** How many columns a row of the events table has: with a checksum, and as versions before 0.2.0 wrote it. */
const COLUMNS = [9, 8];

/**
 * Renames the file and the log beside it to `<file>.damaged-<time>` and gives that path; throws when it cannot. Once its
 * events are back it is called `<file>.salvaged-<time>`, and nobody reads it again.
 */
export function quarantine(path: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replace(/[-:]/g, "").replace(/\..*/, "Z");
  let asidePath = `${path}.damaged-${time}`;
  for (let copy = 2; existsSync(asidePath); copy++) asidePath = `${path}.damaged-${time}-${copy}`;
  rename(path, asidePath);
  return asidePath;
}

/** Whether events of a spool stand in its log behind damage, where SQLite would not look for them. */
export function isLogDamaged(path: string): boolean {
  return existsSync(path) && existsSync(`${path}-wal`) && isWalDamaged(readFileSync(`${path}-wal`));
}

/** The damaged files of a spool whose events are not all back, oldest first. */
export function findQuarantined(path: string): string[] {
  const folder = dirname(path);
  const start = `${path.slice(folder.length + 1)}.damaged-`;
  return readdirSync(folder)
    .filter((name) => name.startsWith(start) && !/-(wal|shm)$/.test(name))
    .toSorted()
    .map((name) => join(folder, name));
}

function rename(from: string, to: string): void {
  for (const suffix of SPOOL_SUFFIXES) {
    if (existsSync(from + suffix)) renameSync(from + suffix, to + suffix);
  }
}

/** Brings back what a damaged file holds; `doneSeq` says how far that is done. */
export function quarantinedJob(
  path: string,
  settled: ReadonlySet<number>,
  doneSeq: () => number,
): SalvageJob {
  return { path, settled, isLost: false, open: () => openQuarantined(path), doneSeq };
}

/** Opens a damaged file as a source of events. Throws when it cannot be read at all. */
export function openQuarantined(path: string): SalvageSource {
  const pages = new Pages(path);
  const search = findRows(pages, COLUMNS);
  let places: readonly Place[] | null = null;
  let index = 0;

  function toEvent(place: Place): SpooledEvent | null {
    const raw = readRawRow(pages, place);
    if (raw === null) return null;
    const [, id, source, type, received, , routes, payload, sum = null] = raw.columns;
    const event = readRow({ seq: raw.seq, id, source, type, received, routes, payload, sum });
    return event instanceof DamagedRow ? null : event;
  }

  return {
    isReady: () => {
      const found = places === null ? search.next() : null;
      if (found?.done === true) places = found.value;
      return places !== null;
    },
    left: () => (places?.length ?? 0) - index,
    next: (limit) => {
      const events: SpooledEvent[] = [];
      let damaged = 0;
      for (
        let place = places?.[index];
        place !== undefined && events.length < limit;
        place = places?.[index]
      ) {
        const event = toEvent(place);
        if (event === null) damaged++;
        else events.push(event);
        index++;
      }
      return { events, damaged };
    },
    rewind: (afterSeq) => {
      const found = places?.findIndex(({ seq }) => seq > afterSeq) ?? 0;
      index = found < 0 ? (places?.length ?? 0) : found;
    },
    finish: () => {
      pages.close();
      rename(path, path.replace(/\.damaged-([^/]*)$/, ".salvaged-$1"));
    },
    close: () => pages.close(),
  };
}
