// Rows that are no events any more: put aside as they were found, in a table of their own, and counted.
import type { DatabaseSync } from "node:sqlite";
import { DamageError } from "./fault.ts";

/** Moves an event's row to the damaged ones, within a transaction; gives its payload bytes. */
export function moveToDamaged(
  database: DatabaseSync,
  seq: number | bigint,
  reason: string,
  nowMs: number,
): number {
  const row = database.prepare("SELECT octet_length(payload) AS bytes FROM events WHERE seq = ?").get(seq);
  if (row === undefined) throw new DamageError("a row is not where its sequence says");
  database
    .prepare(
      `INSERT INTO damaged SELECT seq, ?, ?, id, source, type, received, sent, routes, payload, sum
       FROM events WHERE seq = ?`,
    )
    .run(nowMs, reason, seq);
  database.prepare("DELETE FROM events WHERE seq = ?").run(seq);
  return Number(row.bytes);
}

/** Counts the rows that were put aside; there are few. */
export function countDamaged(database: DatabaseSync): number {
  return Number(database.prepare("SELECT count(*) AS count FROM damaged").get()?.count ?? 0);
}
