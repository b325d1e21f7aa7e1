// Damage to the files of a spool, and which events it has destroyed: each repeats its own id, so that a page shows by
// its bytes alone whose rows stand on it.
import { Database } from "bun:sqlite";
import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";

const PAGE_BYTES = 4096;
const LOG_HEADER_BYTES = 32;
/** A page in the log, with its header. */
const FRAME_BYTES = 24 + PAGE_BYTES;
/** Of one round, at most. */
const PAGES = 5;

/** Numbers from 0 to less than `below`. */
export type Random = (below: number) => number;

/** Does damage to the file of a spool that nobody has open; gives what stood where it has been done. */
export type Damage = (path: string, random: Random) => Buffer[];

/** Damages one to five pages of the file, or of the log where there is a long one. */
export const damagePages: Damage = (path, random) => {
  const log = readIfThere(`${path}-wal`);
  const places = framesOf(log) - 1;
  if (places > PAGES && random(2) === 0) {
    // Without the frame that ends it the last transaction cannot be told from one that the kill has cut off.
    return overwrite(`${path}-wal`, log, LOG_HEADER_BYTES, FRAME_BYTES, places, random);
  }
  const bytes = readFileSync(path);
  return overwrite(path, bytes, 0, PAGE_BYTES, Math.floor(bytes.length / PAGE_BYTES), random);
};

/** Overwrites places with zeros or with anything, or changes one byte of them. */
function overwrite(
  path: string,
  bytes: Buffer,
  from: number,
  placeBytes: number,
  places: number,
  random: Random,
): Buffer[] {
  const whole = Buffer.from(bytes);
  const destroyed: Buffer[] = [];
  for (let count = 1 + random(PAGES); count > 0; count--) {
    const start = from + random(places) * placeBytes;
    destroyed.push(whole.subarray(start, start + placeBytes));
    const kind = random(3);
    if (kind === 0) bytes.fill(0, start, start + placeBytes);
    else if (kind === 1) for (let at = 0; at < placeBytes; at++) bytes[start + at] = random(256);
    else bytes[start + random(placeBytes)] = random(256);
  }
  writeFileSync(path, bytes);
  return destroyed;
}

/** Frames of the log's present round: those with the header's salts. */
function framesOf(log: Buffer): number {
  const saltsAt = (at: number) => log.toString("hex", at, at + 8);
  let frames = 0;
  while (
    saltsAt(LOG_HEADER_BYTES + frames * FRAME_BYTES + 8) === saltsAt(16) &&
    frames * FRAME_BYTES < log.length
  )
    frames++;
  return frames;
}

function readIfThere(path: string): Buffer {
  return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
}

/** Cuts the file off anywhere: from the page on that the cut goes through nothing is left. */
export const cutShort: Damage = (path, random) => {
  const bytes = readFileSync(path);
  const length = random(bytes.length);
  truncateSync(path, length);
  return [bytes.subarray(Math.floor(length / PAGE_BYTES) * PAGE_BYTES)];
};

/** Overwrites the first page: no row stands on it, and without it the file is no database. */
export const damageHead: Damage = (path) => {
  const bytes = readFileSync(path);
  const head = Buffer.from(bytes.subarray(0, PAGE_BYTES));
  bytes.fill(0xa5, 0, PAGE_BYTES);
  writeFileSync(path, bytes);
  return [head];
};

/** Copies the log into the file, as the gateway does now and then by itself. */
export function foldLog(path: string): void {
  const database = new Database(path);
  database.run("PRAGMA wal_checkpoint(TRUNCATE)");
  database.close();
}

/** The events of a run of which a piece stands in these bytes, by their numbers. */
export function eventsIn(bytes: Buffer, run: string): number[] {
  const found = bytes.toString("latin1").matchAll(new RegExp(`${run}-(\\d+)\\D`, "g"));
  return Array.from(found, ([, event]) => Number(event));
}
