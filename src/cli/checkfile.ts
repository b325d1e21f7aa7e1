// What a configuration file without a fault resolves to, in lines: where each source's events go, and what each stream is
// to be. Tells no write key.
import type { Configuration } from "../config/configuration.ts";
import type { StreamSpec } from "../config/layout.ts";
import type { Routing } from "../config/routing.ts";
import { writeDuration, writeSize } from "../config/units.ts";
import { EVENT_TYPES } from "../pixel/schema.ts";

/** The lines of `pixelgate check`. */
export function describeConfiguration({ sources, layout }: Configuration): string[] {
  const lines: string[] = [];
  for (const { id, enabled, routing } of sources.values()) {
    lines.push(`source ${id}${enabled ? "" : " (disabled)"}`);
    for (const type of EVENT_TYPES) lines.push(`  ${type.padEnd(5)} → ${describeSubjects(routing[type])}`);
  }
  for (const stream of layout.streams.values()) lines.push(...describeStream(stream));
  return lines;
}

function describeSubjects({ destinations }: Routing): string {
  const subjects = destinations.map((routes) => {
    const [first, last] = [routes[0]?.subject ?? "", routes.at(-1)?.subject ?? ""];
    // Of a partitioned one the last token alone differs.
    return routes.length > 1 ? `${first} to ${last.slice(last.lastIndexOf("."))}` : first;
  });
  return subjects.join(", ") || "nowhere: no destination takes it";
}

function describeStream({ name, subjects, replicas, maxAgeMs, maxBytes }: StreamSpec): string[] {
  const age = maxAgeMs === 0 ? "for ever" : writeDuration(maxAgeMs);
  const size = maxBytes < 0 ? "any size" : `up to ${writeSize(maxBytes)}`;
  return [
    `stream ${name}`,
    `  takes ${subjects.join(", ")}`,
    `  keeps ${age}, ${size}, ${replicas === 1 ? "1 replica" : `${replicas} replicas`}`,
  ];
}
