// What an event of one shape looks like in bytes: constant pieces, and between them what each request fills in.
import type { Piece } from "./piece.ts";

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
  /** One that many requests share, such as a user agent. */
  shared: 5,
  /** A timestamp. */
  instant: 6,
  /** The flags, a JSON array. */
  flags: 7,
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

/** One place that a request fills in, and the piece before it. */
export interface Slot {
  readonly before: Piece;
  /** One of `SLOT`. */
  readonly kind: number;
  /** The place of the parameter in the query; -1 where there is none. */
  readonly parameter: number;
  /** One of `TEXT`. */
  readonly text: number;
}

/** An event of one shape under one set of conditions. */
export interface Plan {
  readonly slots: readonly Slot[];
  readonly end: Piece;
  /** Bytes of all pieces. */
  readonly bytes: number;
  /** How often a parameter's value is written at most. */
  readonly repeats: number;
}
