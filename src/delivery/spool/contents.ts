// What spools hold, for whoever looks: on a copy, or beside the gateway that writes them. Changes nothing.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { reasonOf } from "../log.ts";
import { SpoolError, systemReason } from "./fault.ts";
import { EVENT_COLUMNS, type SpooledEvent, toSpooledEvent } from "./file.ts";
import { SPOOL_SUFFIXES, spoolOf } from "./name.ts";
import { hasLog, type SideLog, sideLogOf } from "./sidelog.ts";

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
  /** Events of each destination; an event has one message for each of its own. */
  readonly destinations: Readonly<Record<string, number>>;
  /** What lies beside the file and belongs to it. */
  readonly beside: readonly string[];
  readonly sideLog: SideLog;
  /** Why it cannot be read; null when it can. */
  readonly fault: string | null;
}

const BUSY_TIMEOUT_MS = 1000;
const BATCH = 500;

/** The names of the spool files in a folder, those set aside too. Throws a `SpoolError`. */
export function findSpoolFiles(dataDir: string): string[] {
  try {
    return readdirSync(dataDir)
      .filter((name) => spoolOf(name) !== null)
      .toSorted((one, other) => one.localeCompare(other, "en", { numeric: true }));
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === "ENOENT";
    const reason = isAbsent ? "no such folder" : systemReason(error);
    throw new SpoolError(`Cannot read the data directory "${dataDir}": ${reason}`, { cause: error });
  }
}

/** Counts what a spool file holds. One that cannot be read has a fault. */
export function countEvents(dataDir: string, file: string): Contents {
  const path = join(dataDir, file);
  const known = {
    file,
    isDamaged: spoolOf(file)?.isDamaged ?? false,
    beside: SPOOL_SUFFIXES.filter((suffix) => suffix !== "" && existsSync(path + suffix)).map(
      (suffix) => file + suffix,
    ),
    sideLog: sideLogOf(path),
  };
  try {
    return { ...known, ...withFile(path, count), fault: null };
  } catch (error) {
    const nothing = { events: 0, bytes: 0, oldestAt: null, newestAt: null, destinations: {} };
    return { ...known, ...nothing, fault: reasonOf(error) };
  }
}

type Counted = Pick<Contents, "events" | "bytes" | "oldestAt" | "newestAt" | "destinations">;

function count(file: DatabaseSync): Counted {
  const counted = { events: 0, bytes: 0, oldestAt: null as number | null, newestAt: null as number | null };
  const destinations: Record<string, number> = Object.create(null);
  if (!hasEvents(file)) return { ...counted, destinations };
  // By the text of their routes, of which there are few: no event is read.
  const groups = file.prepare(
    `SELECT routes, count(*) AS events, sum(octet_length(payload)) AS bytes,
            min(received) AS oldest, max(received) AS newest FROM events GROUP BY routes`,
  );
  for (const group of groups.all()) {
    const events = Number(group.events);
    counted.events += events;
    counted.bytes += Number(group.bytes);
    counted.oldestAt = Math.min(counted.oldestAt ?? Number.POSITIVE_INFINITY, Number(group.oldest));
    counted.newestAt = Math.max(counted.newestAt ?? 0, Number(group.newest));
    for (const id of destinationsOf(String(group.routes)))
      destinations[id] = (destinations[id] ?? 0) + events;
  }
  return { ...counted, destinations };
}

/** Of a row that the disk has changed there are none to name. */
function destinationsOf(routes: string): string[] {
  try {
    const pairs: unknown = JSON.parse(routes);
    return Array.isArray(pairs)
      ? pairs.map((pair: unknown) => String(Array.isArray(pair) ? pair[0] : pair))
      : [];
  } catch {
    return [];
  }
}

/** The events of a spool file, oldest first, a batch at a time. Throws a `SpoolError` for a file it cannot read. */
export function* readEvents(dataDir: string, file: string): Generator<SpooledEvent[]> {
  const path = join(dataDir, file);
  let afterSeq = 0;
  while (true) {
    const events = readBatch(path, afterSeq);
    const last = events.at(-1);
    if (last === undefined) return;
    yield events;
    afterSeq = last.seq;
  }
}

function readBatch(path: string, afterSeq: number): SpooledEvent[] {
  try {
    // Opened for each: who reads slowly must not keep the gateway's log from being used again.
    return withFile(path, (file) => {
      if (!hasEvents(file)) return [];
      const rows = file.prepare(
        `SELECT ${EVENT_COLUMNS} FROM events WHERE seq > ? ORDER BY seq LIMIT ${BATCH}`,
      );
      return rows.all(afterSeq).map(toSpooledEvent);
    });
  } catch (error) {
    throw new SpoolError(`Cannot read the spool "${path}": ${reasonOf(error)}`, { cause: error });
  }
}

/** False for a file whose tables are in the log beside it, when that is missing. */
function hasEvents(file: DatabaseSync): boolean {
  return file.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'events'").get() !== undefined;
}

function withFile<T>(path: string, read: (file: DatabaseSync) => T): T {
  const file = new DatabaseSync(locationOf(path), { readOnly: true });
  try {
    file.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    return read(file);
  } finally {
    file.close();
  }
}

/** A file without a log is nobody's now: read as it is, no log and no index is left beside it. */
function locationOf(path: string): string {
  if (hasLog(path)) return path;
  const url = pathToFileURL(path);
  url.searchParams.set("immutable", "1");
  return url.href;
}
