// Makes a screenshot's PNG smaller: rows of letters on plain ground deflate best unfiltered, and a browser filters them.
// The format: W3C "PNG (Third Edition)", sections 5 (chunks) and 9 (filters). Knows 8-bit RGB without interlace alone.
import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE_BYTES = 8;
const PIXEL_BYTES = 3;

/** The same picture without filters, deflated as far as zlib goes. Throws on a kind of PNG that it does not know. */
export function repack(png: Buffer): Buffer {
  const header = chunk(png, "IHDR")[0];
  if (header === undefined || header.readUInt32BE(8) !== 0x08020000 || header[12] !== 0) {
    throw new Error("Cannot repack the picture: it is not an 8-bit RGB PNG without interlace");
  }
  const rowBytes = header.readUInt32BE(0) * PIXEL_BYTES;
  const rows = unfilter(inflateSync(Buffer.concat(chunk(png, "IDAT"))), rowBytes);
  return Buffer.concat([
    png.subarray(0, SIGNATURE_BYTES),
    write("IHDR", header),
    write("IDAT", deflateSync(rows, { level: 9, memLevel: 9 })),
    write("IEND", Buffer.alloc(0)),
  ]);
}

/** The data of each chunk of a type. */
function chunk(png: Buffer, type: string): Buffer[] {
  const found: Buffer[] = [];
  for (let at = SIGNATURE_BYTES; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString("latin1", at + 4, at + 8) === type) found.push(png.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  return found;
}

function write(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** Rows with their filter's number before each, turned into rows of filter 0. */
function unfilter(rows: Buffer, rowBytes: number): Buffer {
  const plain = Buffer.alloc(rows.length);
  const step = rowBytes + 1;
  for (let start = 0; start < rows.length; start += step) {
    const filter = rows[start] ?? 0;
    for (let column = 1; column <= rowBytes; column++) {
      const at = start + column;
      const isInner = column > PIXEL_BYTES;
      const left = isInner ? (plain[at - PIXEL_BYTES] ?? 0) : 0;
      const above = plain[at - step] ?? 0;
      const corner = isInner ? (plain[at - step - PIXEL_BYTES] ?? 0) : 0;
      plain[at] = (rows[at] ?? 0) + predict(filter, left, above, corner);
    }
  }
  return plain;
}

function predict(filter: number, left: number, above: number, corner: number): number {
  if (filter === 0) return 0;
  if (filter === 1) return left;
  if (filter === 2) return above;
  if (filter === 3) return (left + above) >> 1;
  const [byLeft, byAbove] = [Math.abs(above - corner), Math.abs(left - corner)];
  const byCorner = Math.abs(left + above - 2 * corner);
  if (byLeft <= byAbove && byLeft <= byCorner) return left;
  return byAbove <= byCorner ? above : corner;
}
