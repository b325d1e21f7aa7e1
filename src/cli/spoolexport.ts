// `pixelgate spool export`: what the spools of a folder hold, one a line as JSON. Changes nothing.
import { messageId } from "../delivery/outgoing.ts";
import { readEvents, readQuarantine } from "../delivery/spool/contents.ts";
import type { Quarantined } from "../delivery/spool/quarantine.ts";
import type { SpooledEvent } from "../delivery/spool/row.ts";
import { decodePayload } from "../pixel/payload.ts";
import { Exit } from "./exit.ts";
import { BELONGS, warnOfLog } from "./spoollog.ts";

/** What to print of which spools. */
export interface ExportOptions {
  readonly dataDir: string;
  readonly files: readonly string[];
  /** Null for all destinations. */
  readonly destinationId: string | null;
  /** The copies in quarantine, and not the events that wait. */
  readonly isQuarantine: boolean;
}

const PROGRESS_MS = 1000;

/** Prints until all is printed; resolves with the exit code. Throws an `Exit` when rows are damaged. */
export async function exportAll(options: ExportOptions): Promise<number> {
  const { dataDir, files, isQuarantine } = options;
  const what = isQuarantine ? "copies" : "events";
  const isWatched = process.stdout.isTTY !== true;
  // A reader that has seen enough (`| head`) closes the pipe: that is no error.
  process.stdout.on("error", () => process.exit(0));
  let exported = 0;
  let lost = 0;
  let toldMs = performance.now();
  if (isWatched) console.error(BELONGS);
  for (const file of files) {
    warnOfLog(dataDir, file);
    for (const { lines, damaged } of readLines(file, options)) {
      await print(lines.map((line) => `${line}\n`).join(""));
      exported += lines.length;
      lost += damaged;
      if (!isWatched || performance.now() - toldMs < PROGRESS_MS) continue;
      toldMs = performance.now();
      console.error(`${exported} ${what} exported`);
    }
  }
  if (isWatched) console.error(`${exported} ${what} exported in all`);
  if (lost === 0) return 0;
  throw new Exit(1, `Cannot export all: ${lost} rows are damaged and no ${what} any more`);
}

function* readLines(
  file: string,
  { dataDir, destinationId, isQuarantine }: ExportOptions,
): Generator<{ lines: string[]; damaged: number }> {
  const isWanted = (id: string) => destinationId === null || id === destinationId;
  if (isQuarantine) {
    for (const { found, damaged } of readQuarantine(dataDir, file)) {
      yield { lines: found.filter((copy) => isWanted(copy.destinationId)).map(copyLine), damaged };
    }
    return;
  }
  for (const { found, damaged } of readEvents(dataDir, file)) {
    yield { lines: found.flatMap((event) => eventLine(event, isWanted) ?? []), damaged };
  }
}

/** Resolves once the reader has taken it, so that no more than a batch waits in memory. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}

/** Null for an event that nobody wanted waits for. */
function eventLine(event: SpooledEvent, isWanted: (destinationId: string) => boolean): string | null {
  const destinations = event.routes
    .filter(({ destinationId }) => isWanted(destinationId))
    .map((route) => ({
      id: route.destinationId,
      subject: route.subject,
      messageId: messageId(event, route),
    }));
  if (destinations.length === 0) return null;
  // The payload is JSON already, and stays byte for byte what a subscriber would have read.
  return `{"destinations":${JSON.stringify(destinations)},"event":${decodePayload(event.payload)}}`;
}

function copyLine({ event, destinationId, subject, reason, atMs }: Quarantined): string {
  const head = {
    destination: destinationId,
    subject,
    messageId: messageId(event, { destinationId }),
    reason,
    quarantinedAt: new Date(atMs).toISOString(),
  };
  return `${JSON.stringify(head).slice(0, -1)},"event":${decodePayload(event.payload)}}`;
}
