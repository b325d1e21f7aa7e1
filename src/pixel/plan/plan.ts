// What an event of one shape looks like in bytes: constant pieces, and between them what each request fills in.
import { pieceOf } from "./piece.ts";

/** What is written behind a piece. Each has its row in `write.ts`, and what it may not write makes the request the reference's. */
export const SLOT = {
  /** A parameter's value, as it stands in the query. */
  value: 0,
  /** The same; `Unknown Page` where it is empty. */
  name: 1,
  /** The anonymousId: as it stands in the query where that begins with a letter or a digit, else the text. */
  anonymousId: 2,
  /** A text of the request. */
  text: 3,
  /** One that needs no escaping: an id of ours. */
  plain: 4,
  /** A timestamp. */
  instant: 5,
  /** The flags, a JSON array. */
  flags: 6,
} as const;

/** The texts of a request that are no parameter's value, or not as it stands there. */
export const TEXT = {
  none: 0,
  userAgent: 1,
  locale: 2,
  referer: 3,
  /** The client's address, as far as the source's policy lets it through. */
  address: 4,
  /** `context.ip` of the query, truncated. */
  ip: 5,
  anonymousId: 6,
  messageId: 7,
  sourceId: 8,
  originalTimestamp: 9,
  sentAt: 10,
  timestamp: 11,
  receivedAt: 12,
} as const;

/** How many texts there are. */
export const TEXTS = 13;

/** One place that a request fills in, and the constant text before it. */
export interface Slot {
  readonly before: string;
  /** One of `SLOT`. */
  readonly kind: number;
  /** The place of the parameter in the query; -1 where there is none. */
  readonly parameter: number;
  /** One of `TEXT`. */
  readonly text: number;
}

/**
 * An event of one shape under one set of conditions, packed: other work of a request drives out of the processor's caches what
 * is spread over many objects. With an object for each slot and piece it costs 0.2 µs more.
 */
export interface Plan {
  /** Of each slot `PACKED` numbers: the bytes of the piece before it, its kind, parameter and text. */
  readonly slots: Int32Array;
  /** The pieces one behind the other, that behind the last slot too. */
  readonly pieces: Float64Array;
  readonly endBytes: number;
  /** Bytes of all pieces. */
  readonly bytes: number;
  /** How often a parameter's value is written at most. */
  readonly repeats: number;
}

/** Numbers of a packed slot. */
export const PACKED = 4;

/** Packs slots and the text behind the last one. */
export function packPlan(slots: readonly Slot[], end: string): Plan {
  const pieces = [...slots.map(({ before }) => before), end].map(pieceOf);
  const lengths = pieces.map(({ length }) => length);
  const times = new Map<number, number>();
  for (const { parameter } of slots) {
    if (parameter >= 0) times.set(parameter, (times.get(parameter) ?? 0) + 1);
  }
  return {
    slots: Int32Array.from(
      slots.flatMap(({ kind, parameter, text }, i) => [lengths[i] ?? 0, kind, parameter, text]),
    ),
    pieces: Float64Array.from(pieces.flatMap(({ words }) => [...words])),
    endBytes: lengths.at(-1) ?? 0,
    bytes: lengths.reduce((sum, length) => sum + length, 0),
    repeats: Math.max(0, ...times.values()),
  };
}
