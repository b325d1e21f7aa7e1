// Reloads the configuration file on SIGHUP and on change: all of it or nothing.
import { unwatchFile, watchFile } from "node:fs";
import type { Config } from "../config/environment.ts";
import { reloadSources, type Sources } from "../config/sources.ts";
import type { Steps } from "../config/steps.ts";
import type { Log } from "../observe/log.ts";
import { runInSlices } from "../runtime/slices.ts";

// Polled: a change is seen on every file system, also when a mounted file is swapped behind a link.
const POLL_MS = 1000;

/** Sources that follow their file. */
export interface WatchedSources {
  /** The sources of this moment. */
  current(): Sources;
  /** From now on they stay as they are. */
  stop(): void;
}

/** How a file is read and looked at; a test has its own. */
export interface ReloadParts {
  /** Does steps beside requests. */
  readonly run: <T>(steps: Steps<T>) => Promise<T>;
  /** How often the file is looked at. */
  readonly pollMs: number;
}

/**
 * Watches the configuration file. A good one replaces the sources when it is read, `initial` being the first; a bad one
 * is reported and changes nothing. Reading goes in slices, and requests in between.
 *
 * | state   | news (SIGHUP, a change) | read             | stop    |
 * |---------|-------------------------|------------------|---------|
 * | idle    | reading                 |                  | stopped |
 * | reading | stale                   | idle             | stopped |
 * | stale   | stale                   | reading, afresh  | stopped |
 * | stopped | stopped                 | stopped, ignored | stopped |
 *
 * So the file as it was last always wins, and however often it changes, one reading at a time comes to its end.
 */
export function watchSources(
  config: Pick<Config, "configFile" | "stream">,
  initial: Sources,
  log: Log,
  { run, pollMs }: ReloadParts = { run: runInSlices, pollMs: POLL_MS },
): WatchedSources {
  const { configFile } = config;
  let sources = initial;
  let state: "idle" | "reading" | "stale" | "stopped" = "idle";
  const isStopped = () => state === "stopped";

  async function read(): Promise<void> {
    state = "reading";
    const loaded = await reloadSources(configFile, config.stream.prefix, run);
    if (isStopped()) return;
    if (Array.isArray(loaded)) {
      log.error("configuration not reloaded: the running one stays", { faults: loaded });
    } else {
      sources = loaded;
      log.info("configuration reloaded", { sources: loaded.size });
    }
  }

  async function reload(): Promise<void> {
    if (state !== "idle") {
      if (state === "reading") state = "stale";
      return;
    }
    do await read();
    while (isStale());
    if (!isStopped()) state = "idle";
  }
  const isStale = () => state === "stale";

  process.on("SIGHUP", reload);
  if (configFile !== null) watchFile(configFile, { interval: pollMs, persistent: false }, reload);
  return {
    current: () => sources,
    stop() {
      // The signal keeps its handler: without one it would end a process that is still answering.
      state = "stopped";
      if (configFile !== null) unwatchFile(configFile, reload);
    },
  };
}
