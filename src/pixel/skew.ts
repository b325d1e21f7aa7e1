// An event's four timestamps: what the client says by its own clock, and when it was by ours.
import type { QueryObject, QueryValue } from "./query.ts";
import { isWritable, isWrittenForm, readInstant, writeInstant, writeNow } from "./timestamp.ts";

/**
 * Sets `receivedAt`; keeps `originalTimestamp`, `sentAt` and `timestamp` where they are instants. Else the first two are
 * now, and `timestamp` is `receivedAt − (sentAt − originalTimestamp)`: how far the client's clock is off falls out.
 * Source: RudderStack event specification.
 */
export function fillTimestamps(query: QueryObject, nowMs: number): void {
  const receivedAt = writeNow(nowMs);
  const { originalTimestamp, sentAt, timestamp } = query;
  query.receivedAt = receivedAt;
  if (originalTimestamp === undefined && sentAt === undefined && timestamp === undefined) {
    query.originalTimestamp = receivedAt;
    query.sentAt = receivedAt;
    query.timestamp = receivedAt;
    return;
  }
  const happened = readGiven(originalTimestamp);
  const sent = readGiven(sentAt);
  const given = readGiven(timestamp);
  query.originalTimestamp = writeGiven(originalTimestamp, happened) ?? receivedAt;
  query.sentAt = writeGiven(sentAt, sent) ?? receivedAt;
  const corrected = nowMs - (orElse(sent, nowMs) - orElse(happened, nowMs));
  query.timestamp =
    writeGiven(timestamp, given) ?? (isWritable(corrected) ? writeInstant(corrected) : receivedAt);
}

function orElse(given: number, otherwise: number): number {
  return isWritable(given) ? given : otherwise;
}

function readGiven(value: QueryValue | undefined): number {
  return typeof value === "string" ? readInstant(value) : Number.NaN;
}

/** A value that was read as an instant, in our form; null where it is none that can be written. */
function writeGiven(value: QueryValue | undefined, epochMs: number): string | null {
  if (!isWritable(epochMs)) return null;
  // Writing costs 0.2 µs, and most values are in our form already.
  return typeof value === "string" && isWrittenForm(value) ? value : writeInstant(epochMs);
}
