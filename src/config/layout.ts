// Which streams there are to be, and which of them takes an event: of one destination, of several, or of one partition
// of a destination. Knows no connection and no stream as it is.
import { crc32 } from "node:zlib";
import type { EventType } from "../pixel/schema.ts";
import type { StreamConfig } from "./environment.ts";
import type { ConfigFile, DestinationItem } from "./schema.ts";
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
  /** The event as JSON. */
  readonly payload: string;
}

/** The layout of a file without a fault. `stream` is the default stream, and says what a stream of a file's own need not. */
export function resolveLayout(content: ConfigFile, stream: StreamConfig): Layout {
  return runAtOnce(layOut(content, stream));
}

/** As `resolveLayout`, in steps. */
export function* layOut(content: ConfigFile, stream: StreamConfig): Steps<Layout> {
  const { prefix, name: defaultStream } = stream;
  const destinations = new Map<string, DestinationSpec>();
  const own = new Map<string, { subjects: string[]; item: DestinationItem }>();
  const common: string[] = [];
  yield* stepwise(content.destinations, (item) => {
    const { id } = item;
    const streams = streamsOf(item);
    destinations.set(id, { id, streams: streams ?? [defaultStream] });
    if (streams === null) common.push(`${prefix}.${id}.>`);
    for (const [partition, name] of (streams ?? []).entries()) {
      const spec = own.get(name) ?? { subjects: [], item };
      own.set(name, spec);
      spec.subjects.push(
        item.partitions === undefined ? `${prefix}.${id}.>` : eventSubject(prefix, id, "*", partition),
      );
    }
  });
  const subjects = own.size === 0 ? [`${prefix}.>`] : [...common, rejectedSubject(prefix, ">")];
  const { replicas, maxAgeMs, maxBytes } = stream;
  const streams = new Map<string, StreamSpec>();
  streams.set(defaultStream, { name: defaultStream, subjects, replicas, maxAgeMs, maxBytes });
  yield* stepwise(own, ([name, { subjects, item }]) => {
    streams.set(name, {
      name,
      subjects,
      replicas: item.replicas ?? replicas,
      maxAgeMs: item.maxAge === undefined ? maxAgeMs : readDuration(item.maxAge),
      maxBytes: item.maxBytes === undefined ? maxBytes : readBound(item.maxBytes),
    });
  });
  return { prefix, defaultStream, streams, destinations };
}

/** The streams that a destination has for itself, or shares with others that name them; null for the default one. */
export function streamsOf({
  stream,
  partitions,
}: Pick<DestinationItem, "stream" | "partitions">): string[] | null {
  if (stream === undefined) return null;
  if (partitions === undefined) return [stream];
  return Array.from({ length: partitions }, (_, partition) => `${stream}_${partition}`);
}

/** The partition of a visitor, from 0: CRC-32 of the UTF-8 of the id, modulo the number of partitions. */
export function partitionOf(visitor: string, partitions: number): number {
  return crc32(visitor) % partitions;
}

/**
 * Where a destination's copy of an event goes. `visitor` is the event's anonymousId, else its userId: it counts where
 * the destination has partitions. A destination that is not configured has the default stream.
 */
export function routeOf(layout: Layout, destinationId: string, type: EventType, visitor: string): Route {
  const streams = layout.destinations.get(destinationId)?.streams ?? [layout.defaultStream];
  const partition = streams.length > 1 ? partitionOf(visitor, streams.length) : null;
  return routeTo(layout, destinationId, type, partition, streams);
}

function routeTo(
  { prefix, defaultStream }: Layout,
  destinationId: string,
  type: EventType,
  partition: number | null,
  streams: readonly string[],
): Route {
  const stream = streams[partition ?? 0] ?? defaultStream;
  return { destinationId, subject: eventSubject(prefix, destinationId, type, partition), stream };
}

/**
 * Where a spooled copy goes now: its destination may have got another stream or other partitions since. It stays in a
 * partition that there still is, where the stream may have it already. A copy of a destination that is not configured any
 * more keeps its subject, in the default stream.
 */
export function routeAgain(layout: Layout, copy: SpooledCopy): Route {
  const { destinationId, subject, type, payload } = copy;
  const streams = layout.destinations.get(destinationId)?.streams;
  if (streams === undefined) return { destinationId, subject, stream: layout.defaultStream };
  if (streams.length === 1) return routeTo(layout, destinationId, type, null, streams);
  const former = partitionOfSubject(subject);
  const isKept = former !== null && former < streams.length;
  const partition = isKept ? former : partitionOf(visitorOf(payload), streams.length);
  return routeTo(layout, destinationId, type, partition, streams);
}

/** The last token is the type where there is no partition, and no type is a number. */
function partitionOfSubject(subject: string): number | null {
  const token = subject.slice(subject.lastIndexOf(".") + 1);
  return /^\d+$/.test(token) ? Number(token) : null;
}

/** Who an event is of, for its partition. */
function visitorOf(payload: string): string {
  const event: { anonymousId?: unknown; userId?: unknown } = JSON.parse(payload);
  const { anonymousId, userId } = event;
  if (typeof anonymousId === "string") return anonymousId;
  return typeof userId === "string" ? userId : "";
}
