// Compiles the plan of a shape: the reference builds an event whose texts are markers, and its JSON is cut where these have
// come to stand. So order, collisions, copies, gaps and the schema's verdict are the reference's own.
import { buildEvent, Dropped, type SourcePolicy } from "../build.ts";
import type { RequestFacts } from "../facts.ts";
import { readQuery } from "../query.ts";
import { Rejection } from "../rejection.ts";
import type { Flag } from "../schema.ts";
import { CONDITION } from "./conditions.ts";
import { cut, type Place } from "./cut.ts";
import { type Layout, markerOf, queryOfKeys } from "./layout.ts";
import { type Plan, SLOT, TEXT } from "./plan.ts";

const MARKERS = { userAgent: "<user agent>", locale: "<locale>", referer: "<referer>", sourceId: "<source>" };
// Truncating leaves them as they are.
const ADDRESS = "192.0.2.0";
const GIVEN_ADDRESS = "198.51.100.0";
/** Blank, as a userId has to be where the gateway gives an identity, and like no other value. */
const BLANK = "\u2003\u2003";

/** The plan of a shape under conditions (bits of `CONDITION`); null where the reference makes no event of it. */
export function compilePlan(keys: readonly string[], layout: Layout, conditions: number): Plan | null {
  const has = (bits: number) => (conditions & bits) !== 0;
  const type = has(CONDITION.track) ? "track" : "page";
  const isAssigned = has(CONDITION.assigned | CONDITION.cookie);
  const values = keys.map((_, i) => markerOf(i));
  if (isAssigned && layout.anonymousId >= 0) values[layout.anonymousId] = "";
  if (isAssigned && layout.userId >= 0) values[layout.userId] = BLANK;
  if (has(CONDITION.truncate) && layout.ip >= 0) values[layout.ip] = GIVEN_ADDRESS;

  const query = readQuery(queryOfKeys(keys, values));
  if (query instanceof Rejection) return null;
  const facts = factsOf(conditions);
  const built = buildEvent(type, query, policyOf(conditions), facts, 0, () => "<id>");
  if (built instanceof Rejection || built instanceof Dropped) return null;

  const { event } = built;
  const places = new Map<string, Place>();
  const put = (marker: string, text: number) => places.set(marker, { kind: SLOT.text, parameter: -1, text });
  for (const [parameter, value] of values.entries()) {
    if (value !== "") places.set(value, { kind: SLOT.value, parameter, text: TEXT.none });
  }
  put(MARKERS.userAgent, TEXT.userAgent);
  put(MARKERS.locale, TEXT.locale);
  put(MARKERS.referer, TEXT.referer);
  put(MARKERS.sourceId, TEXT.sourceId);
  put(ADDRESS, TEXT.address);
  if (has(CONDITION.truncate)) put(GIVEN_ADDRESS, TEXT.ip);

  // What the text of decides something is known by its field: several may be of one text, such as now.
  const mark = (field: string, place: Place) => {
    if (typeof event[field] !== "string") return;
    event[field] = `<${field}>`;
    places.set(`<${field}>`, place);
  };
  for (const field of ["originalTimestamp", "sentAt", "timestamp", "receivedAt"] as const) {
    mark(field, { kind: SLOT.instant, parameter: -1, text: TEXT[field] });
  }
  mark("messageId", {
    kind: layout.messageId < 0 ? SLOT.plain : SLOT.text,
    parameter: -1,
    text: TEXT.messageId,
  });
  const parameter = isAssigned ? -1 : layout.anonymousId;
  mark("anonymousId", {
    kind: isAssigned ? SLOT.plain : SLOT.anonymousId,
    parameter,
    text: TEXT.anonymousId,
  });
  if (type === "page" && layout.name >= 0) {
    mark("name", { kind: SLOT.name, parameter: layout.name, text: TEXT.none });
  }
  return cut(event, places, facts.flags);
}

function policyOf(conditions: number): SourcePolicy {
  const has = (bits: number) => (conditions & bits) !== 0;
  return {
    id: MARKERS.sourceId,
    anonymousId: has(CONDITION.cookie) ? "cookie" : "assign",
    ip: has(CONDITION.drop) ? "drop" : has(CONDITION.truncate) ? "truncate" : "keep",
    privacySignals: has(CONDITION.anonymised) ? "anonymise" : "flag",
    bots: "flag",
  };
}

function factsOf(conditions: number): RequestFacts {
  const has = (bits: number) => (conditions & bits) !== 0;
  const flags: readonly Flag[] = has(CONDITION.anonymised) ? ["gpc"] : [];
  return {
    userAgent: has(CONDITION.userAgent) ? MARKERS.userAgent : null,
    locale: has(CONDITION.locale) ? MARKERS.locale : null,
    referer: has(CONDITION.referer) ? MARKERS.referer : null,
    cookie: null,
    address: has(CONDITION.address) ? ADDRESS : null,
    flags,
  };
}
