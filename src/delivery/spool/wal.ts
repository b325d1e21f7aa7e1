// The log beside a SQLite file, read without SQLite: which of its frames hold the newest state of which page. The format:
// "File Format For SQLite Databases", section 4.
import { PAGE_BYTES } from "./layout.ts";

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const FRAME_BYTES = FRAME_HEADER_BYTES + PAGE_BYTES;
/** The last bit says that checksums read big-endian words. */
const MAGIC = 0x377f0682;

/**
 * Where in the log each page's newest committed state is, as an offset of its bytes. A frame that the disk has changed is
 * passed over, and only that one: the checksum that a frame carries is the seed of the next one's.
 */
export function readWal(log: Uint8Array): Map<number, number> {
  const committed = new Map<number, number>();
  if (log.length < HEADER_BYTES) return committed;
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  const magic = view.getUint32(0);
  if ((magic & ~1) !== MAGIC || view.getUint32(8) !== PAGE_BYTES) return committed;
  const isLittle = (magic & 1) === 0;
  const salts = [view.getUint32(16), view.getUint32(20)];
  let seed: readonly [number, number] = [view.getUint32(24), view.getUint32(28)];
  const pending = new Map<number, number>();
  for (let at = HEADER_BYTES; at + FRAME_BYTES <= log.length; at += FRAME_BYTES) {
    // Frames of an earlier round of the log follow those of this one.
    if (view.getUint32(at + 8) !== salts[0] || view.getUint32(at + 12) !== salts[1]) break;
    const stored: readonly [number, number] = [view.getUint32(at + 16), view.getUint32(at + 20)];
    const head = checksum(view, at, 8, seed, isLittle);
    const sum = checksum(view, at + FRAME_HEADER_BYTES, PAGE_BYTES, head, isLittle);
    seed = stored;
    if (sum[0] !== stored[0] || sum[1] !== stored[1]) continue;
    pending.set(view.getUint32(at), at + FRAME_HEADER_BYTES);
    if (view.getUint32(at + 4) === 0) continue;
    for (const [page, offset] of pending) committed.set(page, offset);
    pending.clear();
  }
  return committed;
}

function checksum(
  view: DataView,
  from: number,
  bytes: number,
  [first, second]: readonly [number, number],
  isLittle: boolean,
): readonly [number, number] {
  let a = first;
  let b = second;
  for (let at = from; at < from + bytes; at += 8) {
    a = (a + view.getUint32(at, isLittle) + b) >>> 0;
    b = (b + view.getUint32(at + 4, isLittle) + a) >>> 0;
  }
  return [a, b];
}
