// The configuration file, read: its sources, and the streams that take their events. All of it, or every fault.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { checkConfigFile } from "./check.ts";
import type { StreamConfig } from "./environment.ts";
import { type Layout, layOut } from "./layout.ts";
import type { ConfigFile } from "./schema.ts";
import { isShowable } from "./shown.ts";
import { linkSources, type Sources } from "./sources.ts";
import { runAtOnce, type Steps } from "./steps.ts";

/** What a configuration file resolves to, with the stream settings of the environment. */
export interface Configuration {
  readonly sources: Sources;
  readonly layout: Layout;
}

/** What runs without a configuration file: one source and one destination, both named demo. */
export const DEMO: ConfigFile = {
  sources: [{ id: "demo", writeKey: "demo", destinations: ["demo"] }],
  destinations: [{ id: "demo" }],
};

/**
 * Reads and resolves a configuration file, or the demo when `path` is null, all at once. Returns every fault, each with
 * its path.
 */
export function loadConfiguration(path: string | null, stream: StreamConfig): Configuration | string[] {
  if (path === null) return resolveConfiguration(DEMO, stream);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return [unreadable(path, error)];
  }
  return runAtOnce(readText(text, path, stream));
}

/** As `loadConfiguration`, beside requests: `run` does the steps when there is time. */
export async function reloadConfiguration(
  path: string | null,
  stream: StreamConfig,
  run: <T>(steps: Steps<T>) => Promise<T>,
): Promise<Configuration | string[]> {
  if (path === null) return resolveConfiguration(DEMO, stream);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    return [unreadable(path, error)];
  }
  return run(readText(text, path, stream));
}

function* readText(text: string, path: string, stream: StreamConfig): Steps<Configuration | string[]> {
  let content: unknown;
  try {
    // Some editors begin a file with a byte order mark.
    content = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    return [`Cannot read ${shown(path)}: not JSON: ${withoutExcerpt(faultOfFile(error))}`];
  }
  yield;
  const resolved = yield* resolveInSteps(content, stream);
  return Array.isArray(resolved) ? resolved.map((fault) => `Cannot use ${shown(path)}: ${fault}`) : resolved;
}

function unreadable(path: string, error: unknown): string {
  return `Cannot read ${shown(path)}: ${faultOfFile(error)}`;
}

/** A path as a fault names it. */
function shown(path: string): string {
  return isShowable(path) ? path : "the configuration file";
}

function faultOfFile(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return "no such file";
  if (code === "EACCES") return "permission denied";
  // The system's message ends with the path, which may be what should have been in the file.
  return code === undefined ? error.message : error.message.replace(/, \w+ '.*'$/s, "");
}

/** A parser's message up to where it quotes the file, which may be a write key; a single quoted character may stay. */
function withoutExcerpt(message: string): string {
  const [start = ""] = /^(?:[^"'`]|(["'`]).\1)*/.exec(message) ?? [];
  return start.replace(/[\s,.]+$/, "");
}

/** Checks the content of a configuration file and resolves it. Returns every fault, each with its path. */
export function resolveConfiguration(content: unknown, stream: StreamConfig): Configuration | string[] {
  return runAtOnce(resolveInSteps(content, stream));
}

function* resolveInSteps(content: unknown, stream: StreamConfig): Steps<Configuration | string[]> {
  const checked = yield* checkConfigFile(content, stream.name);
  if (Array.isArray(checked)) return checked;
  const layout = yield* layOut(checked, stream);
  return { sources: yield* linkSources(checked, layout), layout };
}
