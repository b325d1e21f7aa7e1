// Which streams there are to be, and which of them takes an event: of one destination, of several, or of one partition
// of a destination. Knows no connection and no stream as it is.
import { crc32 } from "node:zlib";
import { visitorOf } from "../pixel/identity.ts";
import { decodePayload, type Payload } from "../pixel/payload.ts";
import { EVENT_TYPES, type EventType } from "../pixel/schema.ts";
import type { StreamConfig } from "./environment.ts";
import type { ConfigFile, DestinationItem, STREAM_SETTINGS } from "./schema.ts";
import { runAtOnce, type Steps, stepwise } from "./steps.ts";
import { type Address, eventSubject, type Route, rejectedSubject } from "./subject.ts";
import { readBound, readDuration } from "./units.ts";

/** What a stream is to be. */
export interface StreamSpec {
  readonly name: string;
  /** Patterns that it must take. */
  readonly subjects: readonly string[];
  readonly replicas: number;
  readonly maxAgeMs: number;
  /** -1 is without bound. */
  readonly maxBytes: number;
}

/** Where a destination's events go. */
export interface DestinationSpec {
  readonly id: string;
  /** Names of streams: one a partition, of which there are two or more; a single one without partitions. */
  readonly streams: readonly string[];
  /** Which events it is sent; none while it is not enabled. */
  readonly types: readonly EventType[];
}

/** Every stream and every destination of a configuration, those too that are not enabled: the spool may hold events of theirs. */
export interface Layout {
  /** What every subject begins with. */
  readonly prefix: string;
  /** The stream of rejected requests, and of every destination that names none. */
  readonly defaultStream: string;
  /** By name. */
  readonly streams: ReadonlyMap<string, StreamSpec>;
  /** By id. */
  readonly destinations: ReadonlyMap<string, DestinationSpec>;
}

/** A destination's copy of an event in the spool. */
export interface SpooledCopy extends Address {
  readonly type: EventType;
  readonly payload: Payload;
}

/** A stream that destinations name, and all that name it. */
interface NamedStream {
  readonly subjects: string[];
  readonly items: DestinationItem[];
}

/** The layout of a file without a fault. `stream` is the default stream, and says what a stream of a file's own need not. */
export function resolveLayout(content: ConfigFile, stream: StreamConfig): Layout {
  return runAtOnce(layOut(content, stream));
}

/** As `resolveLayout`, in steps. */
export function* layOut(content: ConfigFile, stream: StreamConfig): Steps<Layout> {
  const { prefix, name: defaultStream } = stream;
  const destinations = new Map<string, DestinationSpec>();
  const named = new Map<string, NamedStream>();
  const common: string[] = [];
  yield* stepwise(content.destinations, (item) => {
    const { id, stream, partitions, enabled = true, events = EVENT_TYPES } = item;
    const streams = stream === undefined ? null : namePartitions(stream, partitions);
    destinations.set(id, { id, streams: streams ?? [defaultStream], types: enabled ? events : [] });
    if (streams === null) common.push(`${prefix}.${id}.>`);
    for (const [partition, name] of (streams ?? []).entries()) {
      const one = named.get(name) ?? { subjects: [], items: [] };
      named.set(name, one);
      one.items.push(item);
      one.subjects.push(
        partitions === undefined ? `${prefix}.${id}.>` : eventSubject(prefix, id, "*", partition),
      );
    }
  });
  const subjects = named.size === 0 ? [`${prefix}.>`] : [...common, rejectedSubject(prefix, ">")];
  const { replicas, maxAgeMs, maxBytes } = stream;
  const streams = new Map<string, StreamSpec>();
  streams.set(defaultStream, { name: defaultStream, subjects, replicas, maxAgeMs, maxBytes });
  yield* stepwise(named, ([name, { subjects, items }]) => {
    // What one destination says of a stream no other contradicts.
    const said: Pick<DestinationItem, (typeof STREAM_SETTINGS)[number]> = Object.assign({}, ...items);
    streams.set(name, {
      name,
      subjects,
      replicas: said.replicas ?? replicas,
      maxAgeMs: said.maxAge === undefined ? maxAgeMs : readDuration(said.maxAge),
      maxBytes: said.maxBytes === undefined ? maxBytes : readBound(said.maxBytes),
    });
  });
  return { prefix, defaultStream, streams, destinations };
}

/** The streams of a destination that names one: that one, or one a partition. */
export function namePartitions(stream: string, partitions: number | undefined): string[] {
  if (partitions === undefined) return [stream];
  return Array.from({ length: partitions }, (_, partition) => `${stream}_${partition}`);
}

/** The partition of a visitor, from 0: CRC-32 of the UTF-8 of the id, modulo the number of partitions. */
export function partitionOf(visitor: string, partitions: number): number {
  return crc32(visitor) % partitions;
}

/** A destination's routes for events of one type: one a partition, a single one without partitions. */
export function routesOf(layout: Layout, destinationId: string, type: EventType): Route[] {
  const { streams } = specOf(layout, destinationId);
  return streams.map((_, partition) => routeTo(layout, destinationId, type, partition));
}

/**
 * Where a spooled copy goes now: its destination may have got another stream or other partitions since. It stays in a
 * partition that there still is, where the stream may have it already. A copy of a destination that is not configured any
 * more keeps its subject, in the default stream.
 */
export function routeAgain(layout: Layout, copy: SpooledCopy): Route {
  const { destinationId, subject, type, payload } = copy;
  const spec = layout.destinations.get(destinationId);
  if (spec === undefined) return { destinationId, subject, stream: layout.defaultStream };
  const { length } = spec.streams;
  if (length === 1) return routeTo(layout, destinationId, type, 0);
  const former = partitionOfSubject(subject);
  const isKept = former !== null && former < length;
  const partition = isKept ? former : partitionOf(visitorIn(payload), length);
  return routeTo(layout, destinationId, type, partition);
}

function specOf({ destinations, defaultStream }: Layout, id: string): DestinationSpec {
  return destinations.get(id) ?? { id, streams: [defaultStream], types: [] };
}

function routeTo(layout: Layout, destinationId: string, type: EventType, partition: number): Route {
  const { streams } = specOf(layout, destinationId);
  const token = streams.length > 1 ? partition : null;
  const subject = eventSubject(layout.prefix, destinationId, type, token);
  return { destinationId, subject, stream: streams[partition] ?? layout.defaultStream };
}

/** Nobody's where the payload is no event: such a copy is stored too. */
function visitorIn(payload: Payload): string {
  try {
    return visitorOf(JSON.parse(decodePayload(payload)));
  } catch {
    return "";
  }
}

/** The last token is the type where there is no partition, and no type is a number. */
function partitionOfSubject(subject: string): number | null {
  const token = subject.slice(subject.lastIndexOf(".") + 1);
  return /^\d+$/.test(token) ? Number(token) : null;
}
