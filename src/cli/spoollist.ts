// What `pixelgate spool list` prints: for people a file with its destinations, for programs JSON.
import type { Contents } from "../delivery/spool/count.ts";

/** Events of all files that can be read. */
interface Total {
  readonly events: number;
  readonly bytes: number;
  readonly oldestAt: number | null;
  readonly newestAt: number | null;
  readonly destinations: Readonly<Record<string, number>>;
}

function addUp(contents: readonly Contents[]): Total {
  const destinations: Record<string, number> = {};
  for (const { destinations: own } of contents) {
    for (const [id, events] of Object.entries(own)) destinations[id] = (destinations[id] ?? 0) + events;
  }
  const oldest = contents.flatMap(({ oldestAt }) => oldestAt ?? []);
  const newest = contents.flatMap(({ newestAt }) => newestAt ?? []);
  return {
    events: contents.reduce((sum, { events }) => sum + events, 0),
    bytes: contents.reduce((sum, { bytes }) => sum + bytes, 0),
    oldestAt: oldest.length === 0 ? null : Math.min(...oldest),
    newestAt: newest.length === 0 ? null : Math.max(...newest),
    destinations,
  };
}

/** A block of lines for each file, and the total. */
export function describeContents(contents: readonly Contents[]): string {
  const blocks = contents.flatMap((one) => [
    `${[one.file, ...one.beside].join(" ")}${one.isDamaged ? " (damaged and set aside)" : ""}`,
    ...(one.fault === null
      ? describe(one)
      : [`  cannot be read: ${one.fault}; "pixelgate spool drain" brings back what is whole of it`]),
  ]);
  return [...blocks, "total", ...describe(addUp(contents))].join("\n");
}

function describe({ events, bytes, oldestAt, newestAt, destinations }: Total): string[] {
  const times = oldestAt === null ? "" : `, spooled from ${timeOf(oldestAt)} to ${timeOf(newestAt)}`;
  const width = Math.max(0, ...Object.keys(destinations).map((id) => id.length));
  return [
    `  ${events} events of ${bytes} bytes${times}`,
    ...Object.entries(destinations).map(([id, count]) => `  → ${id.padEnd(width)}  ${count}`),
  ];
}

/** One JSON object: the folder, its files, the total; times in ISO 8601. */
export function describeJson(dataDir: string, contents: readonly Contents[]): string {
  const files = contents.map(({ file, isDamaged, beside, sideLog, fault, ...counted }) => ({
    file,
    isDamaged,
    beside,
    log: sideLog,
    fault,
    ...withTimes(counted),
  }));
  return JSON.stringify({ folder: dataDir, files, total: withTimes(addUp(contents)) }, null, 2);
}

function withTimes({ events, bytes, oldestAt, newestAt, destinations }: Total) {
  return { events, bytes, oldest: timeOf(oldestAt), newest: timeOf(newestAt), destinations };
}

/** Null without events; of a time that no calendar has, the number. */
function timeOf(epochMs: number | null): string | null {
  if (epochMs === null) return null;
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? String(epochMs) : date.toISOString();
}
