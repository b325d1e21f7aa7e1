// Write key to source to destinations: resolves a file without a fault to what a request asks for.
import type { SourcePolicy } from "../pixel/build.ts";
import type { ReplyForm } from "../pixel/reply.ts";
import { EVENT_TYPES, type EventType } from "../pixel/schema.ts";
import { type Layout, routesOf } from "./layout.ts";
import { createRouting, type Routing } from "./routing.ts";
import type { ConfigFile } from "./schema.ts";
import { type Steps, stepwise } from "./steps.ts";
import type { Route } from "./subject.ts";

/** A source, resolved: its policies, and per type where its events go. */
export interface Source extends SourcePolicy {
  readonly writeKey: string;
  readonly enabled: boolean;
  readonly reply: ReplyForm | null;
  readonly dedupe: "messageId" | null;
  /** Events per second, null without a limit. */
  readonly rateLimit: number | null;
  readonly routing: Readonly<Record<EventType, Routing>>;
}

/** Every source by its write key. */
export type Sources = ReadonlyMap<string, Source>;

/** A destination as sources find it: its place in the file, and its routes for each type that it takes. */
interface Target {
  readonly place: number;
  readonly routes: Readonly<Record<EventType, readonly Route[] | null>>;
}

/** The sources of a file without a fault, and of its layout. */
export function* linkSources(content: ConfigFile, layout: Layout): Steps<Sources> {
  const targets = new Map<string, Target>();
  yield* stepwise(content.destinations, ({ id, enabled = true, events = EVENT_TYPES }, place) => {
    if (!enabled) return;
    const routesFor = (type: EventType) => (events.includes(type) ? routesOf(layout, id, type) : null);
    targets.set(id, { place, routes: { page: routesFor("page"), track: routesFor("track") } });
  });
  /** Sources of the same destinations share one. */
  const routings = new Map<string, Source["routing"]>();
  const sources = new Map<string, Source>();
  yield* stepwise(content.sources, (source) => {
    const named = source.destinations.flatMap((id) => targets.get(id) ?? []);
    // In the order of the file's destinations, whatever order a source names them in.
    named.sort((a, b) => a.place - b.place);
    const key = named.map(({ place }) => place).join();
    const routing = routings.get(key) ?? { page: routingOf(named, "page"), track: routingOf(named, "track") };
    routings.set(key, routing);
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
      routing,
    });
  });
  return sources;
}

function routingOf(targets: readonly Target[], type: EventType): Routing {
  return createRouting(targets.flatMap(({ routes }) => (routes[type] === null ? [] : [routes[type]])));
}
