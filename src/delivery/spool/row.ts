// A row of the spool as an event, and back. Each row has a checksum: what the disk has changed is told from what was
// written, and never published.
import { crc32 } from "node:zlib";
import type { Route } from "../../config/subject.ts";
import type { Payload } from "../../pixel/payload.ts";
import { type EventType, isEventType } from "../../pixel/schema.ts";
import type { Outgoing } from "../outgoing.ts";

/** Where a copy was to go when it was spooled; its destination may have got another stream since. */
export type SpooledRoute = Pick<Route, "destinationId" | "subject">;

/** An event as the spool takes it, whatever its routes may say beside. */
export type SpooledContent = Omit<Outgoing, "routes">;

/** An event in the spool, with the routes that still have to be delivered. */
export interface SpooledEvent extends SpooledContent {
  readonly seq: number;
  /** Epoch milliseconds. */
  readonly spooledAtMs: number;
  readonly routes: readonly SpooledRoute[];
}

/** A row that is no event any more. */
export class DamagedRow {
  readonly seq: number;
  readonly reason: string;

  constructor(seq: number, reason: string) {
    this.seq = seq;
    this.reason = reason;
  }
}

/** A payload as the bytes of its text, in a table of events or of copies; null for what is no text. */
export const PAYLOAD_COLUMN = "iif(typeof(payload) = 'text', CAST(payload AS BLOB), NULL) AS payload";
/** What `readRow` needs of a row. */
const ROW_COLUMNS = `seq, id, source, type, received, routes, ${PAYLOAD_COLUMN}, sum`;

/** These columns of a file's rows; those of a version before 0.2.0 have no checksum. */
export function rowColumns(hasSums: boolean): string {
  return hasSums ? ROW_COLUMNS : ROW_COLUMNS.replace("sum", "NULL AS sum");
}

/** What is left of rows without those that are nothing any more. */
export function wholeRows<T>(rows: readonly (T | DamagedRow)[]): T[] {
  return rows.filter((row): row is T => !(row instanceof DamagedRow));
}

/** A row as SQLite gives it; `sum` is null where a version before 0.2.0 has written it. */
export type Row = Readonly<Record<string, unknown>>;

/** A row as an event, or why it is none. */
export function readRow(row: Row): SpooledEvent | DamagedRow {
  const seq = Number(row.seq);
  const { id, source, type, routes: routesText, payload } = row;
  const isWhole =
    typeof id === "string" &&
    typeof source === "string" &&
    isEventType(type) &&
    typeof routesText === "string" &&
    payload instanceof Uint8Array;
  if (!isWhole) return new DamagedRow(seq, "a column holds another kind of value");
  const spooledAtMs = Number(row.received);
  const sum = checksumOf(id, source, type, spooledAtMs, routesText, payload);
  if (row.sum !== null ? Number(row.sum) !== sum : !isJson(payload)) {
    return new DamagedRow(seq, "it is not what was written");
  }
  const routes = readRoutes(routesText);
  if (routes === null) return new DamagedRow(seq, "its routes cannot be read");
  return { seq, id, sourceId: source, type, spooledAtMs, payload, routes };
}

/** CRC-32 of all that is delivered, and of when it was spooled. Lengths keep two columns from passing for one. */
export function checksumOf(
  id: string,
  source: string,
  type: EventType,
  spooledAtMs: number,
  routes: string,
  payload: Payload,
): number {
  return crc32(payload, crc32(`${id.length} ${id} ${source} ${type} ${spooledAtMs} ${routes}`));
}

const strict = new TextDecoder("utf-8", { fatal: true });

/** All that can be asked of a row without a checksum. */
function isJson(payload: Payload): boolean {
  try {
    return typeof JSON.parse(strict.decode(payload)) === "object";
  } catch {
    return false;
  }
}

/** A spool has few texts of routes for many rows: each is read once. */
const MAX_KNOWN_TEXTS = 1000;
const knownRoutes = new Map<string, readonly SpooledRoute[] | null>();

/** Routes from the text of a row; null for what is none. */
export function readRoutes(text: string): readonly SpooledRoute[] | null {
  let routes = knownRoutes.get(text);
  if (routes === undefined) {
    routes = parseRoutes(text);
    if (knownRoutes.size >= MAX_KNOWN_TEXTS) knownRoutes.clear();
    knownRoutes.set(text, routes);
  }
  return routes;
}

function parseRoutes(text: string): SpooledRoute[] | null {
  try {
    const pairs: unknown = JSON.parse(text);
    if (!Array.isArray(pairs)) return null;
    const routes = pairs.map((pair) => ({ destinationId: pair?.[0], subject: pair?.[1] }));
    return routes.every(isRoute) ? routes : null;
  } catch {
    return null;
  }
}

function isRoute(route: { destinationId: unknown; subject: unknown }): boolean {
  return typeof route.destinationId === "string" && typeof route.subject === "string";
}

/** A source's routes are one object for all of its events: their text is made once. */
const routeTexts = new WeakMap<readonly SpooledRoute[], string>();

/** Routes as a row holds them. */
export function writeRoutes(routes: readonly SpooledRoute[]): string {
  let text = routeTexts.get(routes);
  if (text === undefined) {
    text = JSON.stringify(routes.map(({ destinationId, subject }) => [destinationId, subject]));
    routeTexts.set(routes, text);
  }
  return text;
}
