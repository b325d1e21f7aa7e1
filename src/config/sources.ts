// Write key to source to destinations: loads the configuration file, and resolves it to what a request asks for.
import { readFileSync } from "node:fs";
import type { SourcePolicy } from "../pixel/build.ts";
import type { ReplyForm } from "../pixel/reply.ts";
import type { EventType } from "../pixel/schema.ts";
import { type ConfigFile, checkConfigFile } from "./schema.ts";
import { isShowable } from "./shown.ts";
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

/** Reads and resolves a configuration file, or the demo when `path` is null. Returns every fault, each with its path. */
export function loadSources(path: string | null, prefix: string): Sources | string[] {
  if (path === null) return resolveSources(DEMO, prefix);
  const shown = isShowable(path) ? path : "the configuration file";
  let text: string;
  try {
    // Some editors begin a file with a byte order mark.
    text = readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    return [`Cannot read ${shown}: ${faultOfFile(error)}`];
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    return [`Cannot read ${shown}: not JSON: ${withoutExcerpt(faultOfFile(error))}`];
  }
  const resolved = resolveSources(content, prefix);
  return Array.isArray(resolved) ? resolved.map((fault) => `Cannot use ${shown}: ${fault}`) : resolved;
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
  const checked = checkConfigFile(content);
  return Array.isArray(checked) ? checked : link(checked, prefix);
}

function link(content: ConfigFile, prefix: string): Sources {
  const sources = new Map<string, Source>();
  for (const source of content.sources) {
    const routesOf = (type: EventType): Route[] =>
      content.destinations
        .filter(
          (destination) => source.destinations.includes(destination.id) && destination.enabled !== false,
        )
        .filter((destination) => destination.events?.includes(type) ?? true)
        .map(({ id }) => ({ destinationId: id, subject: eventSubject(prefix, id, type) }));
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
  }
  return sources;
}
