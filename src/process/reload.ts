// Reloads the configuration file on SIGHUP and on change: all of it or nothing.
import { unwatchFile, watchFile } from "node:fs";
import type { Config } from "../config/environment.ts";
import { loadSources, type Sources } from "../config/sources.ts";
import type { Log } from "../observe/log.ts";

// Polled: a change is seen on every file system, also when a mounted file is swapped behind a link.
const POLL_MS = 1000;

/** Sources that follow their file. */
export interface WatchedSources {
  /** The sources of this moment. */
  current(): Sources;
  /** From now on they stay as they are. */
  stop(): void;
}

/**
 * Watches the configuration file. A good one replaces the sources at once, `initial` being the first; a bad one is
 * reported and changes nothing.
 */
export function watchSources(
  config: Pick<Config, "configFile" | "stream">,
  initial: Sources,
  log: Log,
): WatchedSources {
  const { configFile } = config;
  let sources = initial;
  let isOver = false;
  const reload = () => {
    if (isOver) return;
    const loaded = loadSources(configFile, config.stream.prefix);
    if (Array.isArray(loaded)) {
      log.error("configuration not reloaded: the running one stays", { faults: loaded });
      return;
    }
    sources = loaded;
    log.info("configuration reloaded", { sources: loaded.size });
  };
  process.on("SIGHUP", reload);
  if (configFile !== null) watchFile(configFile, { interval: POLL_MS, persistent: false }, reload);
  return {
    current: () => sources,
    stop() {
      // The signal keeps its handler: without one it would end a process that is still answering.
      isOver = true;
      if (configFile !== null) unwatchFile(configFile, reload);
    },
  };
}
