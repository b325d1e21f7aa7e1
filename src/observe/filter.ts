// Which requests a viewer of the live feed wants to see: read from a query, and asked of each record. Knows no viewer.
import { EVENT_TYPES, type EventType } from "../pixel/schema.ts";
import { ACCEPTED, type LiveRecord, OUTCOME_NAMES, type Outcome } from "./observer.ts";

/** What a viewer wants to see; an empty list admits everything. */
export interface LiveFilter {
  /** Ids of sources; the empty text stands for requests without a valid write key. */
  readonly sources: readonly string[];
  readonly destinations: readonly string[];
  readonly types: readonly EventType[];
  readonly outcomes: readonly Outcome[];
}

/**
 * Reads a filter from `source`, `destination`, `type` and `outcome`; each may be repeated or hold a list with commas,
 * and `accepted` stands for `ACCEPTED`. Returns what is wrong as a text.
 */
export function readFilter(parameters: URLSearchParams): LiveFilter | string {
  const read = (name: string) => parameters.getAll(name).flatMap((text) => text.split(","));
  const types: EventType[] = [];
  for (const given of read("type")) {
    const type = EVENT_TYPES.find((type) => type === given);
    if (type === undefined) return `Cannot filter by type: "${given}" is not ${EVENT_TYPES.join(" or ")}`;
    types.push(type);
  }
  const outcomes: Outcome[] = [];
  for (const given of read("outcome")) {
    const name = OUTCOME_NAMES.find((name) => name === given);
    if (name === undefined) {
      return `Cannot filter by outcome: "${given}" is not one of ${OUTCOME_NAMES.join(", ")}`;
    }
    if (name === "accepted") outcomes.push(...ACCEPTED);
    else outcomes.push(name);
  }
  return { sources: read("source"), destinations: read("destination"), types, outcomes };
}

/** Whether a viewer wants to see a record. */
export function admits(filter: LiveFilter, record: LiveRecord): boolean {
  const { sources, destinations, types, outcomes } = filter;
  return (
    (sources.length === 0 || sources.includes(record.sourceId ?? "")) &&
    (types.length === 0 || types.includes(record.type)) &&
    (outcomes.length === 0 || outcomes.includes(record.outcome)) &&
    (destinations.length === 0 || record.destinations.some((id) => destinations.includes(id)))
  );
}
