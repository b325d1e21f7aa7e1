// Reloads the configuration file on SIGHUP and on change: all of it or nothing.
import { unwatchFile, watchFile } from "node:fs";
import { type Configuration, reloadConfiguration } from "../config/configuration.ts";
import type { Config } from "../config/environment.ts";
import type { Steps } from "../config/steps.ts";
import type { Log } from "../observe/log.ts";
import { runInSlices } from "../runtime/slices.ts";

// Polled: a change is seen on every file system, also when a mounted file is swapped behind a link.
const POLL_MS = 1000;

/** A configuration that follows its file. */
export interface WatchedConfiguration {
  /** The configuration of this moment. */
  current(): Configuration;
  /** From now on it stays as it is. */
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
 * Watches the configuration file. A good one replaces the running one when it is read, `initial` being the first; a bad one
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
export function watchConfiguration(
  config: Pick<Config, "configFile" | "stream">,
  initial: Configuration,
  log: Log,
  onReload: (configuration: Configuration) => void,
  { run, pollMs }: ReloadParts = { run: runInSlices, pollMs: POLL_MS },
): WatchedConfiguration {
  const { configFile } = config;
  let current = initial;
  let state: "idle" | "reading" | "stale" | "stopped" = "idle";
  const isStopped = () => state === "stopped";

  async function read(): Promise<void> {
    state = "reading";
    const loaded = await reloadConfiguration(configFile, config.stream, run);
    if (isStopped()) return;
    if (Array.isArray(loaded)) {
      log.error("configuration not reloaded: the running one stays", { faults: loaded });
    } else {
      current = loaded;
      onReload(loaded);
      log.info("configuration reloaded", { sources: loaded.sources.size });
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
    current: () => current,
    stop() {
      // The signal keeps its handler: without one it would end a process that is still answering.
      state = "stopped";
      if (configFile !== null) unwatchFile(configFile, reload);
    },
  };
}
