// An event's four timestamps: what the client says by its own clock, and when it was by ours.
import type { QueryObject, QueryValue } from "./query.ts";
import { isWritable, readInstant, writeInstant } from "./timestamp.ts";

/**
 * Sets `receivedAt`; keeps `originalTimestamp`, `sentAt` and `timestamp` where they are instants. Else the first two are
 * now, and `timestamp` is `receivedAt − (sentAt − originalTimestamp)`: how far the client's clock is off falls out.
 * Source: RudderStack event specification.
 */
export function fillTimestamps(query: QueryObject, nowMs: number): void {
  const receivedAt = writeInstant(nowMs);
  query.receivedAt = receivedAt;
  if (query.originalTimestamp === undefined && query.sentAt === undefined && query.timestamp === undefined) {
    query.originalTimestamp = receivedAt;
    query.sentAt = receivedAt;
    query.timestamp = receivedAt;
    return;
  }
  const happened = orElse(readGiven(query.originalTimestamp), nowMs);
  const sent = orElse(readGiven(query.sentAt), nowMs);
  const corrected = orElse(nowMs - (sent - happened), nowMs);
  query.originalTimestamp = writeInstant(happened);
  query.sentAt = writeInstant(sent);
  query.timestamp = writeInstant(orElse(readGiven(query.timestamp), corrected));
}

function orElse(given: number, otherwise: number): number {
  return isWritable(given) ? given : otherwise;
}

function readGiven(value: QueryValue | undefined): number {
  return typeof value === "string" ? readInstant(value) : Number.NaN;
}
