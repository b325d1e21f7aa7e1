// What a spool file holds, in numbers, for whoever looks.
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { reasonOf } from "../log.ts";
import { type Batch, isAside, readEvents, withFile } from "./contents.ts";
import { SPOOL_SUFFIXES } from "./name.ts";
import { readRoutes, type SpooledEvent } from "./row.ts";
import { type SideLog, sideLogOf } from "./sidelog.ts";
import { hasTable } from "./tables.ts";

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
    const counted = isDamaged ? countEach(readEvents(dataDir, file)) : withFile(path, countGroups);
    return { ...known, ...counted, fault: null };
  } catch (error) {
    return { ...known, ...new Count(), fault: reasonOf(error) };
  }
}

/** Sums that grow, event by event or group by group. */
class Count {
  events = 0;
  bytes = 0;
  oldestAt: number | null = null;
  newestAt: number | null = null;
  readonly destinations: Record<string, number> = Object.create(null);

  add(events: number, bytes: number, oldestAt: number, newestAt: number, ids: readonly string[]): void {
    this.events += events;
    this.bytes += bytes;
    this.oldestAt = Math.min(this.oldestAt ?? oldestAt, oldestAt);
    this.newestAt = Math.max(this.newestAt ?? newestAt, newestAt);
    for (const id of ids) this.destinations[id] = (this.destinations[id] ?? 0) + events;
  }
}

/** By the text of their routes, of which there are few: no event is read. */
function countGroups(file: DatabaseSync): Count {
  const count = new Count();
  if (!hasTable(file, "events")) return count;
  const groups = file.prepare(
    `SELECT routes, count(*) AS events, sum(octet_length(payload)) AS bytes,
            min(received) AS oldest, max(received) AS newest FROM events GROUP BY routes`,
  );
  // A number that the disk has changed may be one that JavaScript cannot hold.
  groups.setReadBigInts(true);
  for (const { routes, events, bytes, oldest, newest } of groups.all()) {
    const ids = (readRoutes(String(routes)) ?? []).map(({ destinationId }) => destinationId);
    count.add(Number(events), Number(bytes), Number(oldest), Number(newest), ids);
  }
  return count;
}

function countEach(batches: Iterable<Batch<SpooledEvent>>): Count {
  const count = new Count();
  for (const { found } of batches) {
    for (const { payloadBytes, spooledAtMs, routes } of found) {
      const ids = routes.map(({ destinationId }) => destinationId);
      count.add(1, payloadBytes, spooledAtMs, spooledAtMs, ids);
    }
  }
  return count;
}
