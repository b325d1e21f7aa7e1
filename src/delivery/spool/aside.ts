// Damaged files: put aside under another name, and read row by row, page by page, for what they still hold.
import { existsSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { encodePayload, type Payload } from "../../pixel/payload.ts";
import { SPOOL_SUFFIXES } from "./name.ts";
import { findRows, Pages, type Place, readRawRow } from "./pages.ts";
import { readQuarantined } from "./quarantine.ts";
import { DamagedRow, readRow } from "./row.ts";
import type { Settled } from "./rowchanges.ts";
import { type Found, placeOfQuarantined, type SalvageJob, type SalvageSource } from "./salvage.ts";
import { isWalDamaged } from "./wal.ts";

/** How many columns an event's row has: with a checksum, and as versions before 0.2.0 wrote it. */
const EVENT_COLUMNS = [9, 8];
/** Of a copy in quarantine. */
const QUARANTINE_COLUMNS = 12;

/**
 * Renames the file and the log beside it to `<file>.damaged-<time>` and gives that path; throws when it cannot. Once its
 * events are back it is called `<file>.salvaged-<time>`, and nobody reads it again.
 */
export function setFileAside(path: string, nowMs: number): string {
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
export function findAside(path: string): string[] {
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

/** Brings back what a damaged file holds; `done` says how far that is done. */
export function asideJob(path: string, settled: Settled, done: () => number): SalvageJob {
  return { path, settled, isLost: false, open: () => openAside(path), done };
}

/** Opens a damaged file as a source of events. Throws when it cannot be read at all. */
export function openAside(path: string): SalvageSource {
  const pages = new Pages(path);
  const search = findRows(pages, [...EVENT_COLUMNS, QUARANTINE_COLUMNS]);
  let places: readonly Place[] | null = null;
  let index = 0;

  return {
    isReady: () => {
      const step = places === null ? search.next() : null;
      if (step?.done === true) {
        const [copies, events] = [step.value.filter(isCopy), step.value.filter((place) => !isCopy(place))];
        places = [...copies, ...events];
      }
      return places !== null;
    },
    left: () => (places?.length ?? 0) - index,
    next: (limit) => {
      const found: Found[] = [];
      let damaged = 0;
      for (
        let place = places?.[index];
        place !== undefined && found.length < limit;
        place = places?.[index]
      ) {
        const one = readPlace(pages, place);
        if (one === null) damaged++;
        else found.push(one);
        index++;
      }
      return { found, damaged };
    },
    rewind: (after) => {
      const found = places?.findIndex((place) => orderOf(place) > after) ?? 0;
      index = found < 0 ? (places?.length ?? 0) : found;
    },
    finish: () => {
      pages.close();
      rename(path, path.replace(/\.damaged-([^/]*)$/, ".salvaged-$1"));
    },
    close: () => pages.close(),
  };
}

function isCopy({ columns }: Place): boolean {
  return columns === QUARANTINE_COLUMNS;
}

function orderOf(place: Place): number {
  return isCopy(place) ? placeOfQuarantined(place.seq) : place.seq;
}

/** What stands at a place; null when that is no event, and no copy, any more. */
function readPlace(pages: Pages, place: Place): Found | null {
  const raw = readRawRow(pages, place);
  if (raw === null) return null;
  const { seq, columns } = raw;
  if (isCopy(place)) {
    const [, at, destination, subject, reason, id, source, type, received, , text, sum] = columns;
    const payload = payloadOf(text);
    const fields = { seq, at, destination, subject, reason, id, source, type, received, payload, sum };
    const copy = readQuarantined(fields);
    return copy instanceof DamagedRow ? null : copy;
  }
  const [, id, source, type, received, , routes, text, sum = null] = columns;
  const event = readRow({ seq, id, source, type, received, routes, payload: payloadOf(text), sum });
  return event instanceof DamagedRow ? null : event;
}

function payloadOf(text: unknown): Payload | null {
  return typeof text === "string" ? encodePayload(text) : null;
}
