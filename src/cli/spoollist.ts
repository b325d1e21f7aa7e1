// What `pixelgate spool list` prints: for people a file with its backlogs and its quarantine, for programs JSON.
import { countOf } from "../config/units.ts";
import { addBacklog, addQuarantines, type Contents, type CountedBacklog } from "../delivery/spool/count.ts";

/** Events of all files that can be read. */
type Total = Pick<Contents, "events" | "bytes" | "oldestAt" | "newestAt" | "backlogs" | "quarantine">;

function addUp(contents: readonly Contents[]): Total {
  const oldest = contents.flatMap(({ oldestAt }) => oldestAt ?? []);
  const newest = contents.flatMap(({ newestAt }) => newestAt ?? []);
  return {
    events: contents.reduce((sum, { events }) => sum + events, 0),
    bytes: contents.reduce((sum, { bytes }) => sum + bytes, 0),
    oldestAt: oldest.length === 0 ? null : Math.min(...oldest),
    newestAt: newest.length === 0 ? null : Math.max(...newest),
    backlogs: addBacklogs(contents),
    quarantine: addQuarantines(contents.flatMap(({ quarantine }) => quarantine)),
  };
}

function addBacklogs(contents: readonly Contents[]): Map<string, CountedBacklog> {
  const sums = new Map<string, CountedBacklog>();
  for (const [id, more] of contents.flatMap(({ backlogs }) => [...backlogs])) addBacklog(sums, id, more);
  return sums;
}

/** The same without what is another destination's, and without what waits when the quarantine alone is asked for. */
export function selectContents(
  contents: Contents,
  destinationId: string | null,
  isQuarantine: boolean,
): Contents {
  const isWanted = (id: string) => destinationId === null || id === destinationId;
  return {
    ...contents,
    backlogs: new Map(isQuarantine ? [] : [...contents.backlogs].filter(([id]) => isWanted(id))),
    quarantine: contents.quarantine.filter((one) => isWanted(one.destinationId)),
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

function describe({ events, bytes, oldestAt, newestAt, backlogs, quarantine }: Total): string[] {
  const times = oldestAt === null ? "" : `, spooled from ${timeOf(oldestAt)} to ${timeOf(newestAt)}`;
  const width = Math.max(0, ...[...backlogs.keys()].map((id) => id.length));
  return [
    `  ${countOf(events, "event", "events")}, ${bytes} bytes${times}`,
    ...[...backlogs].map(
      ([id, { copies, bytes, oldestAt }]) =>
        `  → ${id.padEnd(width)}  ${countOf(copies, "copy", "copies")}, ${bytes} bytes, the oldest from ${timeOf(oldestAt)}`,
    ),
    ...quarantine.map(
      ({ destinationId, reason, copies, bytes, oldestAt, newestAt }) =>
        `  in quarantine for ${destinationId}: ${countOf(copies, "copy", "copies")}, ${bytes} bytes, from ${timeOf(oldestAt)} to ${timeOf(newestAt)}: ${reason}`,
    ),
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
    ...toJson(counted),
  }));
  return JSON.stringify({ folder: dataDir, files, total: toJson(addUp(contents)) }, null, 2);
}

function toJson({ events, bytes, oldestAt, newestAt, backlogs, quarantine }: Total) {
  return {
    events,
    bytes,
    oldest: timeOf(oldestAt),
    newest: timeOf(newestAt),
    destinations: Object.fromEntries([...backlogs].map(([id, { copies }]) => [id, copies])),
    backlogs: Object.fromEntries(
      [...backlogs].map(([id, { copies, bytes, oldestAt }]) => [
        id,
        { copies, bytes, oldest: timeOf(oldestAt) },
      ]),
    ),
    quarantine: quarantine.map(({ destinationId, reason, copies, bytes, oldestAt, newestAt }) => ({
      destination: destinationId,
      reason,
      copies,
      bytes,
      oldest: timeOf(oldestAt),
      newest: timeOf(newestAt),
    })),
  };
}

/** Null without events; of a time that no calendar has, the number. */
function timeOf(epochMs: number | null): string | null {
  if (epochMs === null) return null;
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? String(epochMs) : date.toISOString();
}
