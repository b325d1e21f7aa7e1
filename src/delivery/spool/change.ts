// What one transaction does to the rows of a spool's file: events are added, copies go. An event's row goes with its last
// copy. Knows the sums of nothing.
import type { DatabaseSync } from "node:sqlite";
import type { Payload } from "../../pixel/payload.ts";
import { type Addition, waitingRoutes } from "./addition.ts";
import type { CopyIndex } from "./copies.ts";
import { DamageError, MisfitError } from "./fault.ts";
import { prepareEvents } from "./insert.ts";
import type { QuarantineTable } from "./quarantine.ts";
import {
  checksumOf,
  readRoutes,
  type SpooledContent,
  type SpooledEvent,
  type SpooledRoute,
  writeRoutes,
} from "./row.ts";
import { addStocks, type Stock } from "./stock.ts";

/** Copies of one event that go, by destination: to quarantine with a reason, or null because they are delivered. */
export interface Gone {
  readonly event: SpooledEvent;
  readonly destinations: ReadonlyMap<string, string | null>;
}

/** What one transaction does. */
export interface Change {
  readonly added: readonly Addition[];
  /** Copies that are delivered, by the sequence of their event. */
  readonly delivered: ReadonlyMap<number, Gone>;
  /** Copies that go to quarantine, likewise. */
  readonly refused: ReadonlyMap<number, Gone>;
  /** Epoch milliseconds. */
  readonly nowMs: number;
}

/** What a change has come to: differences of the sums. */
export interface Effect {
  readonly rows: number;
  readonly bytes: number;
  /** The last sequence given out. */
  readonly lastSeq: number;
  /** What went to quarantine, by destination. */
  readonly quarantined: ReadonlyMap<string, Stock>;
}

/** The parts of an open file that a change concerns. */
export interface ChangedParts {
  readonly index: CopyIndex;
  /** Null in a file that an earlier version has made: copies that are delivered can go from it, and nothing else is done. */
  readonly quarantine: QuarantineTable | null;
  /** Whether its rows have a checksum. */
  readonly hasSums: boolean;
  /** Rows up to this sequence were those of the file before it. */
  readonly afterSeq: number;
}

/** Prepares changes of a file: what it gives does one, within a transaction, and throws what SQLite throws. */
export function prepareChanges(database: DatabaseSync, parts: ChangedParts): (change: Change) => Effect {
  const { index, quarantine, hasSums, afterSeq } = parts;
  const find = database.prepare("SELECT routes FROM events WHERE seq = ?");
  const remove = database.prepare("DELETE FROM events WHERE seq = ?");
  const removeWhole = database.prepare("DELETE FROM events WHERE seq = ? AND routes = ?");
  const leave = database.prepare(
    `UPDATE events SET routes = ?1 ${hasSums ? ", sum = ?3" : ""} WHERE seq = ?2`,
  );
  const insert = hasSums ? prepareEvents(database) : null;
  const last = database.prepare(
    `SELECT max(ifnull((SELECT max(seq) FROM events), 0),
                ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0)) AS seq`,
  );
  const salvage =
    quarantine === null
      ? null
      : database.prepare(
          "INSERT INTO salvaged VALUES (?, ?) ON CONFLICT (file) DO UPDATE SET seq = excluded.seq",
        );
  let rows = 0;
  let bytes = 0;
  let lastSeq = 0;
  let quarantined = new Map<string, Stock>();

  function add(addition: Addition, nowMs: number): void {
    const { event, copies, salvaged } = addition;
    const routes = waitingRoutes(addition);
    if (routes.length > 0) insertEvent(event, routes, copies, nowMs);
    if (routes.length < copies.length) {
      const { atMs = nowMs, spooledAtMs = nowMs } = salvaged ?? {};
      for (const { route, quarantine: reason } of copies) {
        if (reason !== null) keep(event, route, reason, atMs, spooledAtMs);
      }
    }
    if (salvaged !== undefined) salvage?.run(salvaged.file, salvaged.seq);
  }

  function insertEvent(
    { id, sourceId, type, payload }: SpooledContent,
    routes: readonly SpooledRoute[],
    copies: Addition["copies"],
    nowMs: number,
  ): void {
    if (insert === null) return;
    const text = writeRoutes(routes);
    const sum = checksumOf(id, sourceId, type, nowMs, text, payload);
    let sent = 0;
    for (const { mayBeStored, quarantine } of copies) if (mayBeStored && quarantine === null) sent = 1;
    const seq = ++lastSeq;
    insert.add(seq, id, sourceId, type, nowMs, sent, text, payload, sum);
    for (const { route, mayBeStored, quarantine } of copies) {
      if (quarantine === null) index.add(route.destinationId, seq, mayBeStored, payload.length);
    }
    rows++;
    bytes += payload.length;
  }

  function keep(
    event: SpooledContent,
    { destinationId, subject }: SpooledRoute,
    reason: string,
    atMs: number,
    spooledAtMs: number,
  ): void {
    quarantine?.add({ event, destinationId, subject, reason, atMs, spooledAtMs });
    const one = { copies: 1, bytes: event.payload.length };
    quarantined.set(destinationId, addStocks(quarantined.get(destinationId), one));
  }

  /** Takes copies out; gives the routes of those that were there. */
  function takeOut({ event, destinations }: Gone): SpooledRoute[] {
    const { seq, payload } = event;
    const routes = takeWhole(event, destinations) ? event.routes : takeSome(event, destinations);
    const taken = routes.filter(({ destinationId }) => destinations.has(destinationId));
    for (const destination of destinations.keys()) {
      const wasThere = index.remove(destination, seq, payload.length);
      if (!wasThere && taken.some(({ destinationId }) => destinationId === destination)) {
        throw new MisfitError("a copy is not in the index");
      }
    }
    return taken;
  }

  /** The usual case: nobody else waits for the event. The row itself must say so: what was read of it may be old. */
  function takeWhole({ seq, routes, payload }: SpooledEvent, destinations: Gone["destinations"]): boolean {
    const isWhole = routes.every(({ destinationId }) => destinations.has(destinationId));
    if (!isWhole || removeWhole.run(seq, writeRoutes(routes)).changes === 0) return false;
    removed(payload);
    return true;
  }

  /** An event that others still wait for stays, for them. Gives the routes that its row had. */
  function takeSome(event: SpooledEvent, destinations: Gone["destinations"]): readonly SpooledRoute[] {
    const { seq, id, sourceId, type, spooledAtMs, payload } = event;
    const before = find.get(seq)?.routes;
    if (before === undefined) {
      // Rows of the file before this one may be done only now.
      if (seq <= afterSeq) return [];
      throw new DamageError("a row is not where its sequence says");
    }
    const routes = readRoutes(String(before));
    if (routes === null) throw new DamageError("the routes of a row cannot be read");
    const left = routes.filter(({ destinationId }) => !destinations.has(destinationId));
    if (left.length === 0) {
      remove.run(seq);
      removed(payload);
    } else if (left.length < routes.length) {
      const text = writeRoutes(left);
      if (!hasSums) leave.run(text, seq);
      else leave.run(text, seq, checksumOf(id, sourceId, type, spooledAtMs, text, payload));
    }
    return routes;
  }

  function removed({ length }: Payload): void {
    rows--;
    bytes -= length;
  }

  return ({ added, delivered, refused, nowMs }) => {
    rows = 0;
    bytes = 0;
    insert?.forget();
    // Another process may have added events, too.
    lastSeq = Number(last.get()?.seq);
    quarantined = new Map();
    for (const gone of delivered.values()) takeOut(gone);
    for (const gone of refused.values()) {
      const { event, destinations } = gone;
      for (const route of takeOut(gone)) {
        keep(event, route, destinations.get(route.destinationId) ?? "", nowMs, event.spooledAtMs);
      }
    }
    for (const addition of added) add(addition, nowMs);
    insert?.flush();
    return { rows, bytes, lastSeq, quarantined };
  };
}
