// `pixelgate spool`: what the spools of a folder hold, for a backup, or for the folder of a machine that is gone.
import { join } from "node:path";
import { loadConfiguration } from "../config/configuration.ts";
import type { Config } from "../config/environment.ts";
import { takeDataDir } from "../delivery/datadir.ts";
import { type Drain, startDrain } from "../delivery/drain.ts";
import { type DeliveryLog, reasonOf } from "../delivery/log.ts";
import { messageId } from "../delivery/outgoing.ts";
import { findSpoolFiles, readEvents } from "../delivery/spool/contents.ts";
import { type Contents, countEvents } from "../delivery/spool/count.ts";
import { SpoolError } from "../delivery/spool/fault.ts";
import { spoolOf } from "../delivery/spool/name.ts";
import type { SpooledEvent } from "../delivery/spool/row.ts";
import { sideLogOf } from "../delivery/spool/sidelog.ts";
import { systemClock } from "../runtime/clock.ts";
import { Exit } from "./exit.ts";
import { describeContents, describeJson } from "./spoollist.ts";

/** What to do with the spools of which folder. */
export interface SpoolOptions {
  /** `list`, `drain` or `export`. */
  readonly action: string;
  readonly dataDir: string;
  /** For programs; of `list` alone. */
  readonly isJson: boolean;
}

const PROGRESS_MS = 1000;
const BELONGS = "What lies beside a spool as -wal and -shm belongs to it: copy the three together";

/** Runs one action; resolves with the exit code. */
export async function runSpool(config: Config, { action, dataDir, isJson }: SpoolOptions): Promise<number> {
  if (action !== "list" && action !== "drain" && action !== "export") {
    throw new Exit(2, `Cannot run spool: "${action}" is not list, drain or export. Try: pixelgate --help`);
  }
  if (isJson && action !== "list") throw new Exit(2, `Cannot run spool ${action}: --json is for spool list`);
  try {
    const files = findSpoolFiles(dataDir);
    if (files.length === 0) throw new Exit(1, `Cannot ${action} "${dataDir}": there is no spool in it`);
    if (action === "list") return list(dataDir, files, isJson);
    return action === "drain" ? await drain(config, dataDir, files) : await exportAll(dataDir, files);
  } catch (error) {
    if (error instanceof SpoolError) throw new Exit(1, error.message, { cause: error });
    throw error;
  }
}

function list(dataDir: string, files: readonly string[], isJson: boolean): number {
  for (const file of files) warnOfLog(dataDir, file);
  const contents = files.map((file) => countEvents(dataDir, file));
  process.stdout.write(`${isJson ? describeJson(dataDir, contents) : describeContents(contents)}\n`);
  if (!isJson && contents.some(hasBeside)) process.stdout.write(`${BELONGS}\n`);
  return contents.every(({ fault }) => fault === null) ? 0 : 1;
}

function hasBeside({ beside }: Contents): boolean {
  return beside.length > 0;
}

async function drain(config: Config, dataDir: string, files: readonly string[]): Promise<number> {
  const { nats, stream, spoolMaxBytes: maxBytes } = config;
  if (nats === null) throw new Exit(2, `Cannot drain "${dataDir}": NATS_URL is not set`);
  const configuration = loadConfiguration(config.configFile, stream);
  if (Array.isArray(configuration)) throw new Exit(2, configuration);
  const { layout } = configuration;
  console.error(BELONGS);
  const lock = takeDataDir(dataDir, "pixelgate spool drain", LOG);
  try {
    // Of a missing log the spool tells itself, where it is known.
    for (const file of files) if (sideLogOf(join(dataDir, file)) === "unknown") warnOfLog(dataDir, file);
    // What was set aside comes back to the spool that it was set aside from.
    const names = [...new Set(files.map((file) => spoolOf(file)?.spool ?? file))];
    const where = { dataDir, names, maxBytes, nats, stream, layout };
    const parts = { ...where, log: LOG, clock: Date.now, time: systemClock };
    return await watch(startDrain(parts), `NATS stream ${stream.name}`);
  } finally {
    lock.release();
  }
}

/** Tells how far it is until it has ended. */
async function watch(drain: Drain, where: string): Promise<number> {
  let isStopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      drain.stop();
    });
  }
  const progress = setInterval(
    () => console.error(`${drain.relayed} events stored, ${drain.left} left`),
    PROGRESS_MS,
  );
  const end = await drain.ended;
  clearInterval(progress);
  const { relayed, left, damagedRows, quarantined } = drain;
  console.error(`${relayed} events stored in ${where}, ${left} left`);
  if (damagedRows > 0) console.error(`${damagedRows} rows are damaged and stay, in the table damaged`);
  if (quarantined > 0) {
    const what = `${quarantined} messages that their stream refuses for good stay in quarantine`;
    throw new Exit(1, `Cannot drain all: ${what}. pixelgate spool list tells why`);
  }
  if (end === "done") {
    console.error("The spool files are empty and stay where they are");
    return 0;
  }
  const why = end === "stopped" ? "it was stopped" : "nothing got through for half a minute";
  throw new Exit(1, `Cannot drain all: ${why}. What is left stays in the spool; run it again`);
}

async function exportAll(dataDir: string, files: readonly string[]): Promise<number> {
  const isWatched = process.stdout.isTTY !== true;
  // A reader that has seen enough (`| head`) closes the pipe: that is no error.
  process.stdout.on("error", () => process.exit(0));
  let exported = 0;
  let lost = 0;
  let toldMs = performance.now();
  if (isWatched) console.error(BELONGS);
  for (const file of files) {
    warnOfLog(dataDir, file);
    for (const { found: events, damaged } of readEvents(dataDir, file)) {
      await print(events.map((event) => `${exportLine(event)}\n`).join(""));
      exported += events.length;
      lost += damaged;
      if (!isWatched || performance.now() - toldMs < PROGRESS_MS) continue;
      toldMs = performance.now();
      console.error(`${exported} events exported`);
    }
  }
  if (isWatched) console.error(`${exported} events exported in all`);
  if (lost === 0) return 0;
  throw new Exit(1, `Cannot export all: ${lost} rows are damaged and no events any more`);
}

/** Resolves once the reader has taken it, so that no more than a batch waits in memory. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}

function exportLine(event: SpooledEvent): string {
  const destinations = event.routes.map((route) => ({
    id: route.destinationId,
    subject: route.subject,
    messageId: messageId(event, route),
  }));
  // The payload is JSON already, and stays byte for byte what a subscriber would have read.
  return `{"destinations":${JSON.stringify(destinations)},"event":${event.payload}}`;
}

function warnOfLog(dataDir: string, file: string): void {
  const sideLog = sideLogOf(join(dataDir, file));
  if (sideLog === "missing") {
    console.error(
      `Warning: ${file} was not closed cleanly and ${file}-wal is missing: what was spooled last may be lost`,
    );
  } else if (sideLog === "unknown") {
    console.error(
      `Warning: ${file}-wal is missing, and a version before 0.2.0 wrote ${file}: unless its gateway had been stopped, what was spooled last is lost`,
    );
  }
}

/** What delivery has to say goes to stderr, but for what goes well. */
const LOG: DeliveryLog = { info() {}, warn: say, error: say };

function say(message: string, fields: Record<string, unknown> = {}): void {
  const details = Object.entries(fields).map(([name, value]) => `${name} ${reasonOf(value)}`);
  console.error(details.length === 0 ? message : `${message}: ${details.join(", ")}`);
}
