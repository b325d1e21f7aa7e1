// The folder of the spools, for one process at a time and for the eyes of its user alone.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Clock, systemClock } from "../runtime/clock.ts";
import { createRarely, type DeliveryLog, reasonOf } from "./log.ts";
import { prepareFolder, SpoolError } from "./spool/fault.ts";
import { lockFolder } from "./spool/lock.ts";
import { openModeOf, restrictFile } from "./spool/private.ts";

/** A data directory that this process has. */
export interface DataDir {
  release(): void;
}

/** How soon it is noticed that the lock is gone, with the folder or alone. */
const LOOK_MS = 500;

/**
 * Takes a data directory for this process, which `who` names to the next one, until it is released. Throws a `SpoolError`
 * when it cannot be used, or another process has it.
 */
export function takeDataDir(
  dataDir: string,
  who: string,
  log: DeliveryLog,
  time: Clock = systemClock,
): DataDir {
  const rarely = createRarely(60_000);
  let lock = take();
  const stopLooking = time.every(LOOK_MS, look);
  restrict(dataDir, log);

  function take() {
    prepareFolder(dataDir);
    const taken = lockFolder(dataDir, who);
    if (taken === null) {
      rarely("full", () =>
        log.warn("the data directory is not locked: the disk is full", { folder: dataDir }),
      );
    }
    return taken;
  }

  /** Whoever removes the folder, or the lock in it, lets another gateway in. */
  function look(): void {
    if (lock?.isThere()) return;
    try {
      const again = take();
      lock?.release();
      lock = again;
    } catch (error) {
      const reason = error instanceof SpoolError ? error.message : reasonOf(error);
      rarely("lost", () => log.error("the data directory is no longer locked", { reason }));
    }
  }

  return {
    release: () => {
      stopLooking();
      lock?.release();
    },
  };
}

function restrict(dataDir: string, log: DeliveryLog): void {
  const mode = openModeOf(dataDir);
  if (mode !== null) {
    log.warn("others may look into the data directory", {
      folder: dataDir,
      mode,
      try: `chmod 700 '${dataDir}'`,
    });
  }
  for (const name of namesIn(dataDir)) {
    if (/^spool(?:-\d+)?\.db/.test(name)) restrictFile(join(dataDir, name));
  }
}

/** Those too that nobody opens: damaged ones, and what an earlier version has left. */
function namesIn(dataDir: string): string[] {
  try {
    return readdirSync(dataDir);
  } catch {
    // A folder that may be used and not be listed: each file is taken from others when it is opened.
    return [];
  }
}
