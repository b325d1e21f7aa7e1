// Which parameters of a shape are more than values: those whose text decides something, found by the reference's own reader.
import { isObject } from "../fields.ts";
import { type QueryObject, type QueryValue, readQuery } from "../query.ts";
import { Rejection } from "../rejection.ts";

/** The fields whose text decides something, each as the place of its parameter, -1 where it is not given. */
export interface Layout {
  readonly writeKey: number;
  readonly anonymousId: number;
  readonly userId: number;
  readonly name: number;
  readonly event: number;
  readonly messageId: number;
  readonly originalTimestamp: number;
  readonly sentAt: number;
  readonly timestamp: number;
  /** `context.ip`. */
  readonly ip: number;
}

const NOT_GIVEN = -1;

/** The layout of a query without any of these. */
export const NO_LAYOUT: Layout = {
  writeKey: NOT_GIVEN,
  anonymousId: NOT_GIVEN,
  userId: NOT_GIVEN,
  name: NOT_GIVEN,
  event: NOT_GIVEN,
  messageId: NOT_GIVEN,
  originalTimestamp: NOT_GIVEN,
  sentAt: NOT_GIVEN,
  timestamp: NOT_GIVEN,
  ip: NOT_GIVEN,
};

/** The text that stands for a parameter's value. No text that the builder of events puts in itself looks like it. */
export function markerOf(parameter: number): string {
  return `<${parameter}>`;
}

/** A query with these keys, as they stand in a query, and values. */
export function queryOfKeys(keys: readonly string[], values: readonly string[]): string {
  return keys.map((key, i) => `${key}=${encodeURIComponent(values[i] ?? "")}`).join("&");
}

/** The layout of a shape; null where a field is no text, so that none of its queries is usual. */
export function readLayout(keys: readonly string[]): Layout | null {
  const markers = keys.map((_, i) => markerOf(i));
  const query = readQuery(queryOfKeys(keys, markers));
  if (query instanceof Rejection) return null;
  const find = (value: QueryValue | undefined) =>
    typeof value === "string" ? markers.indexOf(value) : NOT_GIVEN;
  const { writeKey, anonymousId, userId, messageId, originalTimestamp, sentAt, timestamp } = query;
  const texts = [writeKey, anonymousId, userId, messageId, originalTimestamp, sentAt, timestamp];
  if (!texts.every((value) => value === undefined || typeof value === "string")) return null;
  if (writeKey === undefined) return null;
  return {
    writeKey: find(writeKey),
    anonymousId: find(anonymousId),
    userId: find(userId),
    name: find(query.name),
    event: find(query.event),
    messageId: find(messageId),
    originalTimestamp: find(originalTimestamp),
    sentAt: find(sentAt),
    timestamp: find(timestamp),
    ip: find(ipOf(query)),
  };
}

function ipOf({ context }: QueryObject): QueryValue | undefined {
  return isObject(context) ? context.ip : undefined;
}
