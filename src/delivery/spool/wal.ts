// The log beside a SQLite file, read without SQLite: which of its frames hold the newest state of which page. The format:
// "File Format For SQLite Databases", section 4.
import { PAGE_BYTES } from "./layout.ts";

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const FRAME_BYTES = FRAME_HEADER_BYTES + PAGE_BYTES;
/** The last bit says that checksums read big-endian words. */
const MAGIC = 0x377f0682;

type Sum = readonly [number, number];

/** A frame, and whether it is as the log's present round has written it. */
interface Frame {
  readonly page: number;
  /** Of the page's bytes in the log. */
  readonly offset: number;
  readonly isCommit: boolean;
  /** Whether it has the salts of the log's header. */
  readonly isOfRound: boolean;
  readonly isWhole: boolean;
}

/** Where in a log the newest states of pages are, as offsets of their bytes. */
export interface LoggedPages {
  readonly committed: ReadonlyMap<number, number>;
  /** Of a transaction whose end is missing: a kill has cut it off, or the disk has changed the frame that ends it. */
  readonly unfinished: ReadonlyMap<number, number>;
}

/** Finds the pages of a log. A frame that the disk has changed is passed over, and only that one. */
export function readWal(log: Uint8Array): LoggedPages {
  const committed = new Map<number, number>();
  const unfinished = new Map<number, number>();
  for (const { page, offset, isCommit, isWhole } of readFrames(log)) {
    if (!isWhole) continue;
    unfinished.set(page, offset);
    if (!isCommit) continue;
    for (const [number, at] of unfinished) committed.set(number, at);
    unfinished.clear();
  }
  return { committed, unfinished };
}

/**
 * Whether the disk has changed a log: to SQLite the first frame that is not as it was written is the log's end. A log that
 * a kill has cut off is not damaged: what follows are frames of an earlier round.
 */
export function isWalDamaged(log: Uint8Array): boolean {
  let isBroken = log.length > HEADER_BYTES && readHeader(viewOf(log)) === null;
  for (const { isWhole, isOfRound } of readFrames(log)) {
    if (isWhole ? isBroken : isOfRound) return true;
    isBroken ||= !isWhole;
  }
  return false;
}

/** The checksum that a frame carries is the seed of the next one's. */
function* readFrames(log: Uint8Array): Generator<Frame> {
  if (log.length < HEADER_BYTES + FRAME_BYTES) return;
  const view = viewOf(log);
  const header = readHeader(view);
  const isLittle = header?.isLittle ?? true;
  // A header that is damaged says nothing: the first frame has its salts, too, and is taken at its word.
  const salts = header?.salts ?? pairAt(view, HEADER_BYTES + 8);
  let seed = header?.sum ?? null;
  for (let at = HEADER_BYTES; at + FRAME_BYTES <= log.length; at += FRAME_BYTES) {
    const stored = pairAt(view, at + 16);
    // Frames of an earlier round of the log, with other salts, follow those of this one.
    const isOfRound = isSame(pairAt(view, at + 8), salts);
    const isWhole = isOfRound && (seed === null || isSame(frameSum(view, at, seed, isLittle), stored));
    // Behind a damaged frame the next one cannot be proved; each row on it has a checksum of its own.
    seed = isWhole ? stored : null;
    yield {
      page: view.getUint32(at),
      offset: at + FRAME_HEADER_BYTES,
      isCommit: view.getUint32(at + 4) !== 0,
      isOfRound,
      isWhole,
    };
  }
}

function frameSum(view: DataView, at: number, seed: Sum, isLittle: boolean): Sum {
  const head = checksum(view, at, 8, seed, isLittle);
  return checksum(view, at + FRAME_HEADER_BYTES, PAGE_BYTES, head, isLittle);
}

/** The log's header; null when it is damaged. */
function readHeader(view: DataView): { isLittle: boolean; salts: Sum; sum: Sum } | null {
  const magic = view.getUint32(0);
  const isLittle = (magic & 1) === 0;
  const sum = pairAt(view, 24);
  const isHeader = (magic & ~1) === MAGIC && view.getUint32(8) === PAGE_BYTES;
  return isHeader && isSame(checksum(view, 0, 24, [0, 0], isLittle), sum)
    ? { isLittle, salts: pairAt(view, 16), sum }
    : null;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function pairAt(view: DataView, at: number): Sum {
  return [view.getUint32(at), view.getUint32(at + 4)];
}

function isSame(a: Sum, b: Sum): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

function checksum(view: DataView, from: number, bytes: number, [first, second]: Sum, isLittle: boolean): Sum {
  let a = first;
  let b = second;
  for (let at = from; at < from + bytes; at += 8) {
    a = (a + view.getUint32(at, isLittle) + b) >>> 0;
    b = (b + view.getUint32(at + 4, isLittle) + a) >>> 0;
  }
  return [a, b];
}
