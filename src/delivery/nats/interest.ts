// Which events a layout sends to a stream, and which of them no consumer wants: a stream of retention `interest` would ack
// these and not keep them. Pure.
import type { Layout, StreamSpec } from "../../config/layout.ts";
import { eventSubject } from "../../config/subject.ts";
import { EVENT_TYPES, type EventType } from "../../pixel/schema.ts";
import { PatternSet } from "./pattern.ts";

/** A destination's events, as far as they go to one stream. */
export interface Events {
  readonly destinationId: string;
  /** What a consumer of all of them filters by. */
  readonly pattern: string;
  /** One a type that the destination is sent. */
  readonly subjects: readonly string[];
  /** One a type that there is: a spool may hold events that are sent no more. */
  readonly allSubjects: readonly string[];
}

/** The events that a layout sends to a stream, by destination. */
export function eventsOf(spec: Pick<StreamSpec, "name">, layout: Layout): Events[] {
  return partsOf(spec, layout).map(({ id, types, partition }) => {
    const subjectsOf = (these: readonly EventType[]) =>
      these.map((type) => eventSubject(layout.prefix, id, type, partition));
    return {
      destinationId: id,
      pattern: patternOf(layout.prefix, id, partition),
      subjects: subjectsOf(types),
      allSubjects: subjectsOf(EVENT_TYPES),
    };
  });
}

/** The patterns of these events. */
export function patternsOf(spec: Pick<StreamSpec, "name">, layout: Layout): string[] {
  return partsOf(spec, layout).map(({ id, partition }) => patternOf(layout.prefix, id, partition));
}

/** What the layout's other streams must take. */
export function subjectsOfOthers({ name }: Pick<StreamSpec, "name">, { streams }: Layout): string[] {
  return [...streams.values()].filter((other) => other.name !== name).flatMap(({ subjects }) => subjects);
}

/** The destinations whose events go to a stream, with the partition that it is; null without partitions. */
function partsOf({ name }: Pick<StreamSpec, "name">, { destinations }: Layout) {
  const parts: { id: string; types: readonly EventType[]; partition: number | null }[] = [];
  for (const { id, streams, types } of destinations.values()) {
    const place = streams.indexOf(name);
    if (place >= 0) parts.push({ id, types, partition: streams.length > 1 ? place : null });
  }
  return parts;
}

function patternOf(prefix: string, id: string, partition: number | null): string {
  return partition === null ? `${prefix}.${id}.>` : eventSubject(prefix, id, "*", partition);
}

/** Of these events the ones that none of the patterns wants, with the subjects that it does not. */
export function unwanted(events: readonly Events[], interest: readonly string[]): Events[] {
  const wanted = new PatternSet(interest);
  return events
    .map((one) => ({ ...one, subjects: one.subjects.filter((subject) => !wanted.covers(subject)) }))
    .filter(({ subjects }) => subjects.length > 0);
}
