// What a spool file holds, in numbers, for whoever looks.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { reasonOf } from "../log.ts";
import { type Batch, isAside, readEvents, readQuarantine, withFile } from "./contents.ts";
import { SPOOL_SUFFIXES } from "./name.ts";
import type { Quarantined } from "./quarantine.ts";
import { readRoutes, type SpooledEvent, type SpooledRoute } from "./row.ts";
import { type SideLog, sideLogOf } from "./sidelog.ts";
import { hasTable } from "./tables.ts";

/** Copies that wait for one destination. */
export interface CountedBacklog {
  readonly copies: number;
  /** Payload bytes of all. */
  readonly bytes: number;
  /** When the oldest was spooled, epoch milliseconds. */
  readonly oldestAt: number;
}

/** Copies of one destination that are in quarantine for one reason. */
export interface CountedQuarantine {
  readonly destinationId: string;
  readonly reason: string;
  readonly copies: number;
  readonly bytes: number;
  /** When the first and the last of them came there, epoch milliseconds. */
  readonly oldestAt: number;
  readonly newestAt: number;
}

/** What one spool file holds. */
export interface Contents {
  /** Its name in the folder. */
  readonly file: string;
  /** Set aside because it was damaged. */
  readonly isDamaged: boolean;
  readonly events: number;
  /** Payload bytes of all events. */
  readonly bytes: number;
  /** When the oldest and the newest event were spooled, epoch milliseconds; null without events. */
  readonly oldestAt: number | null;
  readonly newestAt: number | null;
  /** What waits for each destination; an event has a copy for each of its own. */
  readonly backlogs: ReadonlyMap<string, CountedBacklog>;
  /** What is in quarantine, by destination and reason. */
  readonly quarantine: readonly CountedQuarantine[];
  /** What lies beside the file and belongs to it. */
  readonly beside: readonly string[];
  readonly sideLog: SideLog;
  /** Why it cannot be read; null when it can. */
  readonly fault: string | null;
}

/** Counts what a spool file holds. One that cannot be read has a fault. */
export function countEvents(dataDir: string, file: string): Contents {
  const path = join(dataDir, file);
  const isDamaged = isAside(file);
  const known = {
    file,
    isDamaged,
    beside: SPOOL_SUFFIXES.filter((suffix) => suffix !== "" && existsSync(path + suffix)).map(
      (suffix) => file + suffix,
    ),
    sideLog: sideLogOf(path),
  };
  try {
    return { ...known, ...countAll(dataDir, file, isDamaged), fault: null };
  } catch (error) {
    return { ...known, ...new EventCount().counted, quarantine: [], fault: reasonOf(error) };
  }
}

function countAll(dataDir: string, file: string, isDamaged: boolean) {
  const path = join(dataDir, file);
  const events = new EventCount();
  if (isDamaged) countEach(readEvents(dataDir, file), events);
  else withFile(path, (database) => countGroups(database, events));
  return {
    ...events.counted,
    quarantine: isDamaged
      ? addQuarantines(countCopies(readQuarantine(dataDir, file)))
      : withFile(path, countReasons),
  };
}

/** Sums that grow, event by event or group by group. */
class EventCount {
  #events = 0;
  #bytes = 0;
  #oldestAt: number | null = null;
  #newestAt: number | null = null;
  readonly #backlogs = new Map<string, CountedBacklog>();

  get counted() {
    return {
      events: this.#events,
      bytes: this.#bytes,
      oldestAt: this.#oldestAt,
      newestAt: this.#newestAt,
      backlogs: this.#backlogs,
    };
  }

  add(
    events: number,
    bytes: number,
    oldestAt: number,
    newestAt: number,
    routes: readonly SpooledRoute[],
  ): void {
    this.#events += events;
    this.#bytes += bytes;
    this.#oldestAt = Math.min(this.#oldestAt ?? oldestAt, oldestAt);
    this.#newestAt = Math.max(this.#newestAt ?? newestAt, newestAt);
    for (const { destinationId } of routes) {
      addBacklog(this.#backlogs, destinationId, { copies: events, bytes, oldestAt });
    }
  }
}

/** Adds to what is counted of a destination. */
export function addBacklog(sums: Map<string, CountedBacklog>, id: string, more: CountedBacklog): void {
  const { copies, bytes, oldestAt } = sums.get(id) ?? { ...more, copies: 0, bytes: 0 };
  sums.set(id, {
    copies: copies + more.copies,
    bytes: bytes + more.bytes,
    oldestAt: Math.min(oldestAt, more.oldestAt),
  });
}

/** What is of one destination and one reason, together. */
export function addQuarantines(parts: Iterable<CountedQuarantine>): CountedQuarantine[] {
  const sums = new Map<string, CountedQuarantine>();
  for (const more of parts) {
    const key = JSON.stringify([more.destinationId, more.reason]);
    const { copies, bytes, oldestAt, newestAt } = sums.get(key) ?? { ...more, copies: 0, bytes: 0 };
    sums.set(key, {
      ...more,
      copies: copies + more.copies,
      bytes: bytes + more.bytes,
      oldestAt: Math.min(oldestAt, more.oldestAt),
      newestAt: Math.max(newestAt, more.newestAt),
    });
  }
  return [...sums.values()];
}

/** By the text of their routes, of which there are few: no event is read. */
function countGroups(file: DatabaseSync, count: EventCount): void {
  if (!hasTable(file, "events")) return;
  const groups = file.prepare(
    `SELECT routes, count(*) AS events, sum(octet_length(payload)) AS bytes,
            min(received) AS oldest, max(received) AS newest FROM events GROUP BY routes`,
  );
  // A number that the disk has changed may be one that JavaScript cannot hold.
  groups.setReadBigInts(true);
  for (const { routes, events, bytes, oldest, newest } of groups.all()) {
    count.add(
      Number(events),
      Number(bytes),
      Number(oldest),
      Number(newest),
      readRoutes(String(routes)) ?? [],
    );
  }
}

function countEach(batches: Iterable<Batch<SpooledEvent>>, count: EventCount): void {
  for (const { found } of batches) {
    for (const { payload, spooledAtMs, routes } of found) {
      count.add(1, payload.length, spooledAtMs, spooledAtMs, routes);
    }
  }
}

function countReasons(file: DatabaseSync): CountedQuarantine[] {
  if (!hasTable(file, "quarantined")) return [];
  const groups = file.prepare(
    `SELECT destination, reason, count(*) AS copies, sum(bytes) AS bytes, min(at) AS oldest, max(at) AS newest
     FROM quarantined GROUP BY destination, reason`,
  );
  groups.setReadBigInts(true);
  return groups.all().map(({ destination, reason, copies, bytes, oldest, newest }) => ({
    destinationId: String(destination),
    reason: String(reason),
    copies: Number(copies),
    bytes: Number(bytes),
    oldestAt: Number(oldest),
    newestAt: Number(newest),
  }));
}

/** Each copy as a quarantine of its own. */
function* countCopies(batches: Iterable<Batch<Quarantined>>): Iterable<CountedQuarantine> {
  for (const { found } of batches) {
    for (const { destinationId, reason, atMs, event } of found) {
      const bytes = event.payload.length;
      yield { destinationId, reason, copies: 1, bytes, oldestAt: atMs, newestAt: atMs };
    }
  }
}
