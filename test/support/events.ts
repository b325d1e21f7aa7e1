// Events as tests of the Pixel API build them: one query, one source, and a row a rule.
import { expect, test } from "bun:test";
import { type Built, buildEvent, Dropped, type SourcePolicy } from "../../src/pixel/build.ts";
import type { RequestFacts } from "../../src/pixel/facts.ts";
import { readQuery } from "../../src/pixel/query.ts";
import { Rejection } from "../../src/pixel/rejection.ts";
import type { EventType } from "../../src/pixel/schema.ts";
import { proveRow } from "./proofs.ts";

/** When every event is received. */
export const NOW = "2026-11-23T10:00:00.000Z";

/** A source of defaults. */
export const SOURCE: SourcePolicy = {
  id: "blog",
  anonymousId: "assign",
  ip: "keep",
  privacySignals: "flag",
  bots: "flag",
};

const FACTS: RequestFacts = {
  userAgent: null,
  locale: null,
  referer: null,
  cookie: null,
  address: null,
  flags: [],
};

/** What differs from a source of defaults, and from a request that says nothing beside its query. */
export interface Given {
  readonly source?: Partial<SourcePolicy>;
  readonly facts?: Partial<RequestFacts>;
}

/** Builds the event of a query; ids that are assigned are `new-1`, `new-2` and so on. */
export function build(type: EventType, queryText: string, given: Given = {}): Built | Dropped | Rejection {
  const query = readQuery(queryText);
  if (query instanceof Rejection) throw new Error(`The query of a row is rejected: ${query.reason}`);
  let ids = 0;
  const source = { ...SOURCE, ...given.source };
  const facts = { ...FACTS, ...given.facts };
  return buildEvent(type, query, source, facts, Date.parse(NOW), () => `new-${++ids}`);
}

/** The same, for a query that must give an event. */
export function built(type: EventType, query: string, given?: Given): Built {
  const result = build(type, query, given);
  if (result instanceof Rejection || result instanceof Dropped) {
    throw new Error(`${query} gives no event: ${result.reason}`);
  }
  return result;
}

/** What stands at a dotted path of an event. */
export function at(event: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce((value: unknown, key) => (Object(value) as Record<string, unknown>)[key], event);
}

/** A rule, a query, and the fields of its event by their paths; `undefined` says that there is no such field. */
export type Row = readonly [
  rule: string,
  type: EventType,
  query: string,
  fields: Readonly<Record<string, unknown>>,
  given?: Given,
];

/** Tests each row against the event as a subscriber reads it, and that a plan gives that event too. */
export function testEvents(rows: readonly Row[]): void {
  for (const [rule, type, query, fields, given] of rows) {
    test(`buildEvent ${rule}`, () => {
      const event: unknown = JSON.parse(JSON.stringify(built(type, query, given).event));
      const found = Object.fromEntries(Object.keys(fields).map((path) => [path, at(event, path)]));
      expect(found).toEqual(fields);
      proveRow(type, query, given?.source ?? {}, given?.facts ?? {});
    });
  }
}
