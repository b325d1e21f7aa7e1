// Brings a file of an earlier version up to date, and makes what can be made anew from its events.
import type { DatabaseSync } from "node:sqlite";
import { moveToDamaged } from "./damagedrows.ts";
import { DamageError } from "./fault.ts";
import { prepareCopies } from "./insert.ts";
import { readRoutes } from "./row.ts";
import { ASIDE, checkTables, indexTables, QUARANTINE, SET_VERSION, VERSION, versionOf } from "./tables.ts";
import { transact } from "./transaction.ts";

const BATCH = 1000;
/** No sequence is smaller. */
const SMALLEST = -(2n ** 63n);

/**
 * Brings the tables up to date, and makes the index of copies anew. Throws on a disk without room: such a file can be
 * relayed from as it is, with an index in memory.
 */
export function upgrade(database: DatabaseSync, nowMs: number): void {
  transact(database, () => {
    dropMemoryIndex(database);
    const version = versionOf(database);
    if (version < 2) database.exec(`ALTER TABLE events ADD COLUMN sum INTEGER; ${ASIDE}`);
    if (version < VERSION) {
      database.exec(`DROP INDEX IF EXISTS sent_events; ${indexTables("main")} ${QUARANTINE} ${SET_VERSION}`);
    } else database.exec("DELETE FROM copies; DELETE FROM backlogs");
    if (isBeyond(database)) renumber(database);
    fillIndex(database, nowMs);
    checkTables(database, VERSION);
  });
}

/** Makes an index in memory, for a file that has none that fits and no room for one. */
export function makeMemoryIndex(database: DatabaseSync): void {
  transact(database, () => {
    dropMemoryIndex(database);
    database.exec(indexTables("temp"));
    fillIndex(database, null);
  });
}

function dropMemoryIndex(database: DatabaseSync): void {
  database.exec("DROP TABLE IF EXISTS temp.copies; DROP TABLE IF EXISTS temp.backlogs");
}

/** Without a time nothing is put aside: there is no table for it, or no room. */
function fillIndex(database: DatabaseSync, nowMs: number | null): void {
  const next = database.prepare(
    `SELECT seq, sent, routes, octet_length(payload) AS bytes FROM events WHERE seq > ? ORDER BY seq LIMIT ${BATCH}`,
  );
  // A number that the disk has changed may be one that JavaScript cannot hold.
  next.setReadBigInts(true);
  const copies = prepareCopies(database);
  const remove = database.prepare("DELETE FROM events WHERE seq = ?");
  const subtract = database.prepare("UPDATE totals SET rows = rows - 1, bytes = max(0, bytes - ?)");
  const expected = Number(database.prepare("SELECT rows FROM totals").get()?.rows);
  let after = SMALLEST;
  let count = 0;
  for (let rows = next.all(after); rows.length > 0; rows = next.all(after)) {
    for (const { seq, sent, routes: text, bytes: size } of rows) {
      if (typeof seq !== "bigint" || seq <= after) {
        throw new DamageError("a row is not where its sequence says");
      }
      after = seq;
      count++;
      const bytes = Number(size);
      const routes = typeof text === "string" && seq > 0n ? readRoutes(text) : null;
      // Named twice it is one copy.
      for (const id of new Set(routes?.map(({ destinationId }) => destinationId))) {
        copies.add(id, seq, sent === 1n ? 1 : 0, bytes);
      }
      if (nowMs === null || (routes !== null && routes.length > 0)) continue;
      // Nobody waits for a row without routes.
      if (routes !== null) remove.run(seq);
      else moveToDamaged(database, seq, "its routes cannot be read", nowMs);
      subtract.run(bytes);
    }
  }
  copies.flush();
  if (count !== expected) throw new DamageError("its sums are not those of its events");
  database.exec(
    "INSERT INTO backlogs SELECT destination, count(*), sum(bytes) FROM copies GROUP BY destination",
  );
}

/**
 * Whether sequences have come from a clock that was wrong by centuries: they are numbers that JavaScript cannot hold, and an
 * upgrade numbers such a file anew, in its order.
 */
export function isBeyond(database: DatabaseSync): boolean {
  const beyond = database.prepare("SELECT 1 FROM sqlite_sequence WHERE name = 'events' AND seq > ?");
  return beyond.get(Number.MAX_SAFE_INTEGER) !== undefined;
}

function renumber(database: DatabaseSync): void {
  // By way of negative numbers, so that none is given twice.
  database.exec(`
    UPDATE events SET seq = -row FROM (SELECT seq AS old, row_number() OVER (ORDER BY seq) AS row FROM events)
      WHERE seq = old;
    UPDATE events SET seq = -seq;
    UPDATE sqlite_sequence SET seq = (SELECT ifnull(max(seq), 0) FROM events) WHERE name = 'events';
  `);
}
