// Copies that no stream takes, each with its event and the reason: kept in a bounded table of their own until an operator
// decides. Not to be confused with damaged files and rows, which are set aside.
import type { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { isEventType } from "../../pixel/schema.ts";
import { DamagedRow, PAYLOAD_COLUMN, type Row, type SpooledContent } from "./row.ts";
import type { Stock } from "./stock.ts";

/** A copy to be kept in quarantine. */
export interface Refused {
  readonly event: SpooledContent;
  readonly destinationId: string;
  readonly subject: string;
  readonly reason: string;
  /** When it was put there, epoch milliseconds. */
  readonly atMs: number;
  /** When its event was spooled, epoch milliseconds. */
  readonly spooledAtMs: number;
}

/** A copy in quarantine. */
export interface Quarantined extends Refused {
  readonly seq: number;
}

/** The quarantine of one open file. Each function throws what SQLite throws. */
export interface QuarantineTable {
  add(copy: Refused): void;
  /** The next ones in the order of their sequence, and rows that are none any more. */
  read(options: ReadQuarantineOptions): (Quarantined | DamagedRow)[];
  /** Takes a row out, within a transaction. */
  remove(seq: number): void;
  /** How many there are of a destination, or of all, and the sequence of the last one. */
  extent(destinationId: string | null): { readonly count: number; readonly last: number };
  /** Copies and bytes of each destination. */
  load(): Map<string, Stock>;
}

/** Which copies to read. */
export interface ReadQuarantineOptions {
  /** Copies with a greater sequence only. */
  readonly afterSeq: number;
  /** Up to this one; without an end when absent. */
  readonly untilSeq?: number;
  readonly limit: number;
  /** Null or absent for all destinations. */
  readonly destinationId?: string | null;
}

/** How much may be in quarantine. */
export interface QuarantineBound {
  readonly copies: number;
  readonly bytes: number;
}

const MAX_COPIES = 10_000;
/** As a part of the spool. */
const PART = 10;
/** With less room than for an event of so many bytes it counts as full. */
const SPARE_BYTES = 16_384;

/** A tenth of the spool, and 10,000 copies. */
export function quarantineBound(maxBytes: number): QuarantineBound {
  return { copies: MAX_COPIES, bytes: Math.floor(maxBytes / PART) };
}

/** Whether so much more stays within the bound. */
export function fits(bound: QuarantineBound, { copies, bytes }: Stock, more: Stock): boolean {
  return copies + more.copies <= bound.copies && bytes + more.bytes <= bound.bytes;
}

/** Whether an event of usual size finds no room. */
export function isQuarantineFull(bound: QuarantineBound, stock: Stock): boolean {
  return !fits(bound, stock, { copies: 1, bytes: Math.min(SPARE_BYTES, bound.bytes) });
}

/** What `readQuarantined` needs of a row. */
export const QUARANTINE_COLUMNS = `seq, at, destination, subject, reason, id, source, type, received, ${PAYLOAD_COLUMN}, sum`;

/** Prepares the quarantine of a file that has its tables. */
export function openQuarantine(database: DatabaseSync): QuarantineTable {
  const insert = database.prepare(
    `INSERT INTO quarantined (at, destination, subject, reason, id, source, type, received, bytes, payload, sum)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT), ?)`,
  );
  const read = database.prepare(
    `SELECT ${QUARANTINE_COLUMNS} FROM quarantined
     WHERE seq > ?1 AND seq <= ?2 AND (?3 IS NULL OR destination = ?3) ORDER BY seq LIMIT ?4`,
  );
  const remove = database.prepare("DELETE FROM quarantined WHERE seq = ?");
  const extent = database.prepare(
    "SELECT count(*) AS count, max(seq) AS last FROM quarantined WHERE ?1 IS NULL OR destination = ?1",
  );
  const stocks = database.prepare(
    "SELECT destination, count(*) AS copies, sum(bytes) AS bytes FROM quarantined GROUP BY destination",
  );
  read.setReadBigInts(true);
  stocks.setReadBigInts(true);
  return {
    add: (copy) => {
      const { event, destinationId, subject, reason, atMs, spooledAtMs } = copy;
      const { id, sourceId, type, payload } = event;
      const sum = sumOf(copy);
      insert.run(
        atMs,
        destinationId,
        subject,
        reason,
        id,
        sourceId,
        type,
        spooledAtMs,
        payload.length,
        payload,
        sum,
      );
    },
    read: ({ afterSeq, untilSeq = Number.MAX_SAFE_INTEGER, limit, destinationId = null }) =>
      read.all(afterSeq, untilSeq, destinationId, limit).map(readQuarantined),
    remove: (seq) => void remove.run(seq),
    extent: (destinationId) => {
      const { count = 0, last = 0 } = extent.get(destinationId) ?? {};
      return { count: Number(count), last: Number(last) };
    },
    load: () =>
      new Map(
        stocks
          .all()
          .map(({ destination, copies, bytes }) => [
            String(destination),
            { copies: Number(copies), bytes: Number(bytes) },
          ]),
      ),
  };
}

/** A row as a copy in quarantine, or why it is none. */
export function readQuarantined(row: Row): Quarantined | DamagedRow {
  const seq = Number(row.seq);
  const { destination, subject, reason, id, source, type, payload } = row;
  const isWhole =
    typeof destination === "string" &&
    typeof subject === "string" &&
    typeof reason === "string" &&
    typeof id === "string" &&
    typeof source === "string" &&
    isEventType(type) &&
    payload instanceof Uint8Array;
  if (!isWhole) return new DamagedRow(seq, "a column holds another kind of value");
  const event = { id, sourceId: source, type, payload };
  const times = { atMs: Number(row.at), spooledAtMs: Number(row.received) };
  const copy = { event, destinationId: destination, subject, reason, ...times };
  if (Number(row.sum) !== sumOf(copy)) return new DamagedRow(seq, "it is not what was written");
  return { seq, ...copy };
}

/** CRC-32 of the whole row. A list as JSON keeps two columns from passing for one. */
function sumOf({ event, destinationId, subject, reason, atMs, spooledAtMs }: Refused): number {
  const { id, sourceId, type, payload } = event;
  const rest = JSON.stringify([id, sourceId, type, spooledAtMs, destinationId, subject, reason, atMs]);
  return crc32(payload, crc32(rest));
}
