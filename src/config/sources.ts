// Write key to source to destinations: loads the configuration file, and resolves it to what a request asks for.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { SourcePolicy } from "../pixel/build.ts";
import type { ReplyForm } from "../pixel/reply.ts";
import { EVENT_TYPES, type EventType } from "../pixel/schema.ts";
import { checkConfigFile } from "./check.ts";
import type { ConfigFile } from "./schema.ts";
import { isShowable } from "./shown.ts";
import { runAtOnce, type Steps, stepwise } from "./steps.ts";
import { eventSubject, type Route } from "./subject.ts";

/** A source, resolved: its policies, and per type where its events go. */
export interface Source extends SourcePolicy {
  readonly writeKey: string;
  readonly enabled: boolean;
  readonly reply: ReplyForm | null;
  readonly dedupe: "messageId" | null;
  /** Events per second, null without a limit. */
  readonly rateLimit: number | null;
  readonly routes: Readonly<Record<EventType, readonly Route[]>>;
}

/** Every source by its write key. */
export type Sources = ReadonlyMap<string, Source>;

/** What runs without a configuration file: one source and one destination, both named demo. */
export const DEMO: ConfigFile = {
  sources: [{ id: "demo", writeKey: "demo", destinations: ["demo"] }],
  destinations: [{ id: "demo" }],
};

/**
 * Reads and resolves a configuration file, or the demo when `path` is null, all at once. Returns every fault, each with
 * its path.
 */
export function loadSources(path: string | null, prefix: string): Sources | string[] {
  if (path === null) return resolveSources(DEMO, prefix);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return [unreadable(path, error)];
  }
  return runAtOnce(readSources(text, path, prefix));
}

/** As `loadSources`, beside requests: `run` does the steps when there is time. */
export async function reloadSources(
  path: string | null,
  prefix: string,
  run: <T>(steps: Steps<T>) => Promise<T>,
): Promise<Sources | string[]> {
  if (path === null) return resolveSources(DEMO, prefix);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    return [unreadable(path, error)];
  }
  return run(readSources(text, path, prefix));
}

function* readSources(text: string, path: string, prefix: string): Steps<Sources | string[]> {
  let content: unknown;
  try {
    // Some editors begin a file with a byte order mark.
    content = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    return [`Cannot read ${shown(path)}: not JSON: ${withoutExcerpt(faultOfFile(error))}`];
  }
  yield;
  const resolved = yield* resolveInSteps(content, prefix);
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
export function resolveSources(content: unknown, prefix: string): Sources | string[] {
  return runAtOnce(resolveInSteps(content, prefix));
}

function* resolveInSteps(content: unknown, prefix: string): Steps<Sources | string[]> {
  const checked = yield* checkConfigFile(content);
  return Array.isArray(checked) ? checked : yield* link(checked, prefix);
}

/** A destination as sources find it: its place in the file, and its route for each type that it takes. */
interface Target {
  readonly place: number;
  readonly routes: Readonly<Record<EventType, Route | null>>;
}

function* link(content: ConfigFile, prefix: string): Steps<Sources> {
  const targets = new Map<string, Target>();
  yield* stepwise(content.destinations, ({ id, enabled = true, events = EVENT_TYPES }, place) => {
    if (!enabled) return;
    const routeFor = (type: EventType): Route | null =>
      events.includes(type) ? { destinationId: id, subject: eventSubject(prefix, id, type) } : null;
    targets.set(id, { place, routes: { page: routeFor("page"), track: routeFor("track") } });
  });
  const sources = new Map<string, Source>();
  yield* stepwise(content.sources, (source) => {
    const named = source.destinations.flatMap((id) => targets.get(id) ?? []);
    // In the order of the file's destinations, whatever order a source names them in.
    named.sort((a, b) => a.place - b.place);
    const routesOf = (type: EventType): Route[] => named.flatMap(({ routes }) => routes[type] ?? []);
    sources.set(source.writeKey, {
      id: source.id,
      writeKey: source.writeKey,
      enabled: source.enabled ?? true,
      anonymousId: source.anonymousId ?? "assign",
      reply: source.reply ?? null,
      ip: source.ip ?? "keep",
      privacySignals: source.privacySignals ?? "flag",
      bots: source.bots ?? "flag",
      dedupe: source.dedupe ?? null,
      rateLimit: source.rateLimit ?? null,
      routes: { page: routesOf("page"), track: routesOf("track") },
    });
  });
  return sources;
}
