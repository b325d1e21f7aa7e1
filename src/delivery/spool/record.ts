// A row as SQLite writes it to a page. The format: "File Format For SQLite Databases", sections 1.6 and 2.1.

/** Reads a number of one to nine bytes; what lies beyond the end counts as 0. Past 2^53 it is not exact. */
export function readVarint(
  bytes: Uint8Array,
  from: number,
): { readonly value: number; readonly end: number } {
  let value = 0;
  let at = from;
  for (; at < from + 8; at++) {
    const byte = bytes[at] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, end: at + 1 };
  }
  return { value: value * 256 + (bytes[at] ?? 0), end: at + 1 };
}

const decoder = new TextDecoder();
/** Bytes of an integer, by its serial type. */
const INTEGER_BYTES = [0, 1, 2, 3, 4, 6, 8];

/** The columns of a record: null, numbers and texts; undefined for what no row of ours has. */
export function readRecord(record: Uint8Array): unknown[] {
  const header = readVarint(record, 0);
  const columns: unknown[] = [];
  let at = header.value;
  for (let typeAt = header.end; typeAt < header.value; ) {
    const type = readVarint(record, typeAt);
    typeAt = type.end;
    const bytes = bytesOf(type.value);
    columns.push(readColumn(record.subarray(at, at + bytes), type.value));
    at += bytes;
  }
  return columns;
}

function bytesOf(type: number): number {
  if (type >= 12) return Math.floor((type - 12) / 2);
  return type === 7 ? 8 : (INTEGER_BYTES[type] ?? 0);
}

function readColumn(bytes: Uint8Array, type: number): unknown {
  if (type === 0) return null;
  if (type === 8 || type === 9) return type - 8;
  if (type >= 13 && type % 2 === 1) return decoder.decode(bytes);
  if (type > 6) return undefined;
  let value = (bytes[0] ?? 0) >= 0x80 ? -1 : 0;
  for (const byte of bytes) value = value * 256 + byte;
  return value;
}
