// `pixelgate spool`: what the spools of a folder hold, for a backup, for a quarantine, or for the folder of a machine that is gone.
import { join } from "node:path";
import { loadConfiguration } from "../config/configuration.ts";
import type { Config } from "../config/environment.ts";
import { takeDataDir } from "../delivery/datadir.ts";
import { type Drain, startDrain } from "../delivery/drain.ts";
import { type DeliveryLog, reasonOf } from "../delivery/log.ts";
import { findSpoolFiles } from "../delivery/spool/contents.ts";
import { type Contents, countEvents } from "../delivery/spool/count.ts";
import { SpoolError } from "../delivery/spool/fault.ts";
import { spoolOf } from "../delivery/spool/name.ts";
import { sideLogOf } from "../delivery/spool/sidelog.ts";
import { systemClock } from "../runtime/clock.ts";
import { Exit } from "./exit.ts";
import { decide } from "./spooldecide.ts";
import { exportAll } from "./spoolexport.ts";
import { describeContents, describeJson, selectContents } from "./spoollist.ts";
import { BELONGS, warnOfLog } from "./spoollog.ts";

/** What can be done with spools. */
const ACTIONS = ["list", "drain", "export", "retry", "discard"] as const;
type Action = (typeof ACTIONS)[number];

/** What to do with the spools of which folder. */
export interface SpoolOptions {
  /** One of `ACTIONS`. */
  readonly action: string;
  readonly dataDir: string;
  /** Flags that were given, by their names. */
  readonly flags: SpoolFlags;
}

/** Each belongs to some of the actions. */
export interface SpoolFlags {
  /** For programs. */
  readonly json?: boolean | undefined;
  /** What concerns one destination alone. */
  readonly destination?: string | undefined;
  /** The copies in quarantine, and not the events that wait. */
  readonly quarantine?: boolean | undefined;
  /** Says that what is thrown away is not wanted. */
  readonly yes?: boolean | undefined;
}

const FLAGS: Readonly<Record<keyof SpoolFlags, readonly Action[]>> = {
  json: ["list"],
  destination: ["list", "export", "retry", "discard"],
  quarantine: ["list", "export"],
  yes: ["discard"],
};

const PROGRESS_MS = 1000;

/** Runs one action; resolves with the exit code. */
export async function runSpool(
  config: Config,
  { action: word, dataDir, flags }: SpoolOptions,
): Promise<number> {
  const action = ACTIONS.find((action) => action === word);
  if (action === undefined) {
    throw new Exit(2, `Cannot run spool: "${word}" is not ${LIST.format(ACTIONS)}. Try: pixelgate --help`);
  }
  refuseFlags(action, flags);
  try {
    const files = findSpoolFiles(dataDir);
    if (files.length === 0) throw new Exit(1, `Cannot ${action} "${dataDir}": there is no spool in it`);
    return await run(action, config, dataDir, files, flags);
  } catch (error) {
    if (error instanceof SpoolError) throw new Exit(1, error.message, { cause: error });
    throw error;
  }
}

const LIST = new Intl.ListFormat("en-GB", { type: "disjunction" });

function refuseFlags(action: Action, flags: SpoolFlags): void {
  for (const [name, actions] of Object.entries(FLAGS)) {
    if (!Object.entries(flags).some(([given, value]) => given === name && value !== undefined)) continue;
    if (actions.includes(action)) continue;
    const verbs = LIST.format(actions.map((one) => `spool ${one}`));
    throw new Exit(2, `Cannot run spool ${action}: --${name} is for ${verbs}`);
  }
}

function run(
  action: Action,
  config: Config,
  dataDir: string,
  files: readonly string[],
  flags: SpoolFlags,
): number | Promise<number> {
  const destinationId = flags.destination ?? null;
  switch (action) {
    case "list":
      return list(dataDir, files, flags);
    case "drain":
      return drain(config, dataDir, files);
    case "export":
      return exportAll({ dataDir, files, destinationId, isQuarantine: flags.quarantine ?? false });
    case "retry":
    case "discard": {
      const where = { dataDir, files, destinationId, maxBytes: config.spoolMaxBytes };
      return decide({ decision: action, ...where, isSure: flags.yes ?? false });
    }
  }
}

function list(dataDir: string, files: readonly string[], flags: SpoolFlags): number {
  const { json: isJson = false, destination = null, quarantine = false } = flags;
  for (const file of files) warnOfLog(dataDir, file);
  const contents = files.map((file) => selectContents(countEvents(dataDir, file), destination, quarantine));
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
    const where = { dataDir, names, maxBytes, nats, layout };
    const parts = { ...where, log: LOG, clock: Date.now, time: systemClock };
    return await watch(startDrain(parts));
  } finally {
    lock.release();
  }
}

/** Tells how far it is until it has ended. */
async function watch(drain: Drain): Promise<number> {
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
  console.error(`${relayed} events stored in NATS, ${left} left`);
  if (damagedRows > 0) console.error(`${damagedRows} rows are damaged and stay, in the table damaged`);
  if (end === "done" && quarantined > 0) {
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

/** What delivery has to say goes to stderr, but for what goes well. */
const LOG: DeliveryLog = { info() {}, warn: say, error: say };

function say(message: string, fields: Record<string, unknown> = {}): void {
  const details = Object.entries(fields).map(([name, value]) => `${name} ${reasonOf(value)}`);
  console.error(details.length === 0 ? message : `${message}: ${details.join(", ")}`);
}
