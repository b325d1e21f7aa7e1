// The rows of a spool's file, read from its pages and not through its tree: what stands on a whole page is found whatever
// has become of the others. The format: "File Format For SQLite Databases", sections 1.5, 1.6, 1.8 and 2.
import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { PAGE_BYTES } from "./layout.ts";
import { readRecord, readVarint } from "./record.ts";
import { isWalDamaged, type LoggedPages, readWal } from "./wal.ts";

/** A row of a table, its columns in their order; the sequence is no column but the row's key. */
export interface RawRow {
  readonly seq: number;
  readonly columns: readonly unknown[];
}

/** Where a row stands. */
export interface Place {
  readonly seq: number;
  readonly page: number;
  readonly offset: number;
  /** Bytes of the row. */
  readonly size: number;
  /** How many columns it has, which says of what table it is. */
  readonly columns: number;
  /** Whether it is in a transaction whose end is missing. */
  readonly isUnfinished: boolean;
}

const LEAF = 0x0d;
const LEAF_HEADER_BYTES = 8;
/** A pointer map has an entry of five bytes for each of the pages that follow it. */
const ENTRY_BYTES = 5;
const MAPPED_PAGES = Math.floor(PAGE_BYTES / ENTRY_BYTES);
/** What an entry says of its page: the root of a table, free, or a part of one, in three kinds. */
const [ROOT, FREE, LAST_KIND] = [1, 2, 5];
/** Of a payload, what may stand on the leaf itself; and the least of it, when the rest is on pages of its own. */
const MAX_LOCAL = PAGE_BYTES - 35;
const MIN_LOCAL = Math.floor(((PAGE_BYTES - 12) * 32) / 255) - 23;

/** The pages of a file and of the log beside it, opened for reading. */
export class Pages {
  readonly #file: number;
  readonly #log: Uint8Array;
  readonly #logged: LoggedPages;
  readonly count: number;
  /** Whether a page's newest state may be missing from the log, so that an older one stands for it. */
  readonly isLogDamaged: boolean;

  constructor(path: string) {
    this.#file = openSync(path, "r");
    this.#log = existsSync(`${path}-wal`) ? readFileSync(`${path}-wal`) : new Uint8Array();
    this.#logged = readWal(this.#log);
    this.isLogDamaged = isWalDamaged(this.#log);
    const inFile = Math.floor(fstatSync(this.#file).size / PAGE_BYTES);
    let last = inFile;
    for (const page of this.#logged.committed.keys()) last = Math.max(last, page);
    this.count = last;
  }

  /** Pages of a transaction whose end is missing. */
  get unfinished(): Iterable<number> {
    return this.#logged.unfinished.keys();
  }

  /** The bytes of a page, counted from 1; null where the file has been cut off before it. */
  read(page: number, isUnfinished = false): Uint8Array | null {
    const { committed, unfinished } = this.#logged;
    const logged = (isUnfinished ? unfinished.get(page) : undefined) ?? committed.get(page);
    if (logged !== undefined) return this.#log.subarray(logged, logged + PAGE_BYTES);
    const bytes = new Uint8Array(PAGE_BYTES);
    return readSync(this.#file, bytes, 0, PAGE_BYTES, (page - 1) * PAGE_BYTES) === PAGE_BYTES ? bytes : null;
  }

  /** Where in the log its newest state begins: the later the newer; 0 when the file has it. */
  loggedAt(page: number): number {
    return this.#logged.committed.get(page) ?? 0;
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Pages that are looked at between two yields: a MiB, in about 3 ms. */
const SLICE_PAGES = 256;

/**
 * Finds where every row stands, oldest first. Yields now and then, so that a large file holds nobody up. Of a row that is
 * there twice, alike, the place on the later page is left out.
 */
export function* findRows(pages: Pages, columns: readonly number[]): Generator<void, Place[]> {
  const free = findFree(pages);
  const places: Place[] = [];
  for (let page = 3; page <= pages.count; page++) {
    if (page % SLICE_PAGES === 0) yield;
    if (isMap(page) || free(page)) continue;
    places.push(...placesOn(pages, page, columns, false));
  }
  // What was answered may stand there only; what was not does no harm.
  for (const page of pages.unfinished) places.push(...placesOn(pages, page, columns, true));
  places.sort((a, b) => a.seq - b.seq || a.columns - b.columns || a.size - b.size || a.page - b.page);
  // A sequence that the disk has changed may be another row's: both are looked at.
  return places.filter((place, index) => !isAlike(place, places[index - 1]));
}

function isAlike({ seq, columns, size }: Place, other: Place | undefined): boolean {
  return seq === other?.seq && columns === other.columns && size === other.size;
}

function placesOn(pages: Pages, page: number, columns: readonly number[], isUnfinished: boolean): Place[] {
  const bytes = pages.read(page, isUnfinished);
  if (bytes === null || bytes[0] !== LEAF) return [];
  return cellsOf(bytes).flatMap((offset) => {
    const cell = readCell(bytes, offset);
    if (cell === null || !columns.includes(cell.columns)) return [];
    return [{ seq: cell.seq, page, offset, size: cell.size, columns: cell.columns, isUnfinished }];
  });
}

/** The row at a place; null where a page that holds a part of it is gone. */
export function readRawRow(pages: Pages, { seq, page, offset, isUnfinished }: Place): RawRow | null {
  const bytes = pages.read(page, isUnfinished);
  const cell = bytes === null ? null : readCell(bytes, offset);
  if (bytes === null || cell === null) return null;
  const payload = readPayload(pages, bytes, cell, isUnfinished);
  return payload === null ? null : { seq, columns: readRecord(payload) };
}

function isMap(page: number): boolean {
  return (page - 2) % (MAPPED_PAGES + 1) === 0;
}

/**
 * Pages that hold no row now, whatever stands on them still. The list of free pages and the pointer maps both name them: where both
 * can be read, both must, since a changed byte of either may name a page that is in use.
 */
function findFree(pages: Pages): (page: number) => boolean {
  const listed = readFreeList(pages);
  const maps = new Map<number, Uint8Array | null>();
  return (page) => {
    if (listed !== null && !listed.has(page)) return false;
    const map = page - ((page - 2) % (MAPPED_PAGES + 1));
    const bytes = maps.has(map) ? (maps.get(map) ?? null) : readMap(pages, map);
    maps.set(map, bytes);
    // The list may be an older state of itself where the log is damaged: by itself it proves nothing then.
    if (bytes === null) return listed !== null && !pages.isLogDamaged;
    // A page that was written after this state of its map had not been freed then.
    if (pages.loggedAt(page) > pages.loggedAt(map)) return false;
    return bytes[(page - map - 1) * ENTRY_BYTES] === FREE;
  };
}

/** A pointer map; null when it is none: of two entries that cannot be, one is not a changed byte alone. */
function readMap(pages: Pages, map: number): Uint8Array | null {
  const bytes = pages.read(map);
  if (bytes === null) return null;
  const view = viewOf(bytes);
  const entries = Math.min(MAPPED_PAGES, pages.count - map);
  let wrong = 0;
  for (let entry = 0; entry < entries; entry++) {
    const kind = view.getUint8(entry * ENTRY_BYTES);
    const parent = view.getUint32(entry * ENTRY_BYTES + 1);
    const hasParent = kind !== ROOT && kind !== FREE;
    if (kind < ROOT || kind > LAST_KIND || parent > pages.count || parent > 0 !== hasParent) wrong++;
  }
  return wrong > 1 ? null : bytes;
}

/** The pages of the list of free ones; null when it is not whole. */
function readFreeList(pages: Pages): Set<number> | null {
  const head = pages.read(1);
  if (head === null) return null;
  const view = viewOf(head);
  const count = view.getUint32(36);
  const free = new Set<number>();
  let trunk = view.getUint32(32);
  while (trunk !== 0) {
    const bytes = trunk > pages.count || free.has(trunk) ? null : pages.read(trunk);
    if (bytes === null) return null;
    free.add(trunk);
    const list = viewOf(bytes);
    const leaves = list.getUint32(4);
    if (leaves > PAGE_BYTES / 4 - 2) return null;
    for (let leaf = 0; leaf < leaves; leaf++) free.add(list.getUint32(8 + leaf * 4));
    trunk = list.getUint32(0);
  }
  return free.size === count ? free : null;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Where the cells of a leaf begin. */
function cellsOf(bytes: Uint8Array): number[] {
  const view = viewOf(bytes);
  const count = view.getUint16(3);
  if (LEAF_HEADER_BYTES + count * 2 > PAGE_BYTES) return [];
  return Array.from({ length: count }, (_, index) => view.getUint16(LEAF_HEADER_BYTES + index * 2));
}

interface Cell {
  readonly seq: number;
  /** Bytes of the record, and where it begins on the leaf. */
  readonly size: number;
  readonly start: number;
  /** How many columns the record has. */
  readonly columns: number;
}

function readCell(bytes: Uint8Array, offset: number): Cell | null {
  if (offset < LEAF_HEADER_BYTES || offset >= PAGE_BYTES) return null;
  const size = readVarint(bytes, offset);
  const key = readVarint(bytes, size.end);
  const header = readVarint(bytes, key.end);
  const headerEnd = key.end + header.value;
  if (headerEnd > PAGE_BYTES || header.value > size.value) return null;
  let columns = 0;
  for (let at = header.end; at < headerEnd; columns++) at = readVarint(bytes, at).end;
  return { seq: key.value, size: size.value, start: key.end, columns };
}

/** A record, put together from the leaf and the pages that its rest is on. */
function readPayload(
  pages: Pages,
  leaf: Uint8Array,
  { size, start }: Cell,
  isUnfinished: boolean,
): Uint8Array | null {
  const local = localBytes(size);
  if (start + local > PAGE_BYTES) return null;
  if (local === size) return leaf.subarray(start, start + size);
  if (size > pages.count * PAGE_BYTES) return null;
  const payload = new Uint8Array(size);
  payload.set(leaf.subarray(start, start + local));
  let next = viewOf(leaf).getUint32(start + local);
  for (let at = local; at < size; ) {
    const bytes = next === 0 ? null : pages.read(next, isUnfinished);
    if (bytes === null) return null;
    const part = bytes.subarray(4, 4 + Math.min(PAGE_BYTES - 4, size - at));
    payload.set(part, at);
    at += part.length;
    next = viewOf(bytes).getUint32(0);
  }
  return payload;
}

function localBytes(size: number): number {
  if (size <= MAX_LOCAL) return size;
  const local = MIN_LOCAL + ((size - MIN_LOCAL) % (PAGE_BYTES - 4));
  return local <= MAX_LOCAL ? local : MIN_LOCAL;
}
