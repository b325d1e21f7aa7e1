// Which events a layout sends to a stream, and which of them no consumer wants: a stream of retention `interest` would ack
// these and not keep them. Pure.
import type { Layout, StreamSpec } from "../../config/layout.ts";
import { eventSubject } from "../../config/subject.ts";
import { EVENT_TYPES, type EventType } from "../../pixel/schema.ts";
import { covers } from "./pattern.ts";

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
export function eventsOf({ name }: Pick<StreamSpec, "name">, { prefix, destinations }: Layout): Events[] {
  return [...destinations.values()].flatMap(({ id, streams, types }) => {
    const place = streams.indexOf(name);
    if (place < 0) return [];
    const partition = streams.length > 1 ? place : null;
    const pattern = partition === null ? `${prefix}.${id}.>` : eventSubject(prefix, id, "*", partition);
    const subjectsOf = (these: readonly EventType[]) =>
      these.map((type) => eventSubject(prefix, id, type, partition));
    return [
      { destinationId: id, pattern, subjects: subjectsOf(types), allSubjects: subjectsOf(EVENT_TYPES) },
    ];
  });
}

/** The patterns of these events. */
export function patternsOf(spec: Pick<StreamSpec, "name">, layout: Layout): string[] {
  return eventsOf(spec, layout).map(({ pattern }) => pattern);
}

/** Of these events the ones that none of the patterns wants, with the subjects that it does not. */
export function unwanted(events: readonly Events[], interest: readonly string[]): Events[] {
  return events
    .map((one) => ({ ...one, subjects: one.subjects.filter((subject) => !covers(interest, subject)) }))
    .filter(({ subjects }) => subjects.length > 0);
}
