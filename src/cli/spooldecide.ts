// `pixelgate spool retry` and `discard`: what becomes of copies in quarantine. Works beside a gateway that runs, which notices
// it within a second.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { countOf } from "../config/units.ts";
import { isAside } from "../delivery/spool/contents.ts";
import { type Decided, type Decision, openDecided } from "../delivery/spool/decide.ts";
import { faultOf, SpoolError } from "../delivery/spool/fault.ts";
import { type Lock, lockFolder } from "../delivery/spool/lock.ts";
import { Exit } from "./exit.ts";
import { warnOfLog } from "./spoollog.ts";

/** What to do with the copies of which spools. */
export interface DecideOptions {
  readonly decision: Decision;
  readonly dataDir: string;
  readonly files: readonly string[];
  /** Null for all destinations. */
  readonly destinationId: string | null;
  readonly maxBytes: number;
  /** Whether the operator has said that what is thrown away is not wanted. */
  readonly isSure: boolean;
}

/** Between two transactions the gateway has the file. */
const PAUSE_MS = 20;
const DONE: Readonly<Record<Decision, string>> = {
  retry: "put back into the backlog",
  discard: "thrown away",
};

/** Does it; resolves with the exit code. Throws a `SpoolError`, or an `Exit`. */
export async function decide(options: DecideOptions): Promise<number> {
  const { decision, dataDir } = options;
  const lock = takeUnlessTaken(dataDir, `pixelgate spool ${decision}`);
  try {
    return await decideAlone(options, lock !== null);
  } finally {
    lock?.release();
  }
}

/** Null while a gateway has the folder: its log is its own then, and so is what a closed file says of itself. */
function takeUnlessTaken(dataDir: string, who: string): Lock | null {
  try {
    return lockFolder(dataDir, who);
  } catch (error) {
    if (error instanceof SpoolError && faultOf(error.cause) === "busy") return null;
    throw error;
  }
}

async function decideAlone(options: DecideOptions, isAlone: boolean): Promise<number> {
  const { decision, dataDir, destinationId, maxBytes, isSure } = options;
  const files = options.files.filter((file) => !isAside(file));
  if (isAlone) for (const file of files) warnOfLog(dataDir, file);
  const opened: Decided[] = [];
  try {
    for (const file of files) {
      const path = join(dataDir, file);
      opened.push(openDecided(decision, { path, destinationId, maxBytes, isAlone, clock: Date.now }));
    }
    const all = opened.reduce((sum, one) => sum + one.count, 0);
    if (decision === "discard" && all > 0 && !isSure) {
      throw new Exit(2, `Cannot discard ${countOf(all, "copy", "copies")} for good: say --yes to that`);
    }
    for (const one of opened) while (one.next()) await sleep(PAUSE_MS);
  } finally {
    for (const one of opened) one.close();
  }
  const done = opened.reduce((sum, one) => sum + one.done, 0);
  const damaged = opened.reduce((sum, one) => sum + one.damaged, 0);
  console.error(`${countOf(done, "copy", "copies")} ${DONE[decision]}`);
  if (files.length < options.files.length) {
    console.error("What is in damaged files comes back when a gateway runs, or with spool drain");
  }
  if (damaged === 0) return 0;
  throw new Exit(
    1,
    `Cannot ${decision} all: ${damaged} rows are damaged and stay; spool discard removes them`,
  );
}
