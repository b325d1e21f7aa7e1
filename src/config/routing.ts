// Which of a destination's streams an event takes. Without partitions that is settled when the file is read; with them it
// is asked of each event.
import { partitionOf } from "./layout.ts";
import type { Route } from "./subject.ts";

/** Where a source's events of one type go. */
export interface Routing {
  /** Of each destination its routes: one a partition, a single one without partitions. */
  readonly destinations: readonly (readonly Route[])[];
  /** The routes that every event takes, one object for all of them; null where they depend on its visitor. */
  readonly common: readonly Route[] | null;
}

/** Settles what can be settled without an event. */
export function createRouting(destinations: readonly (readonly Route[])[]): Routing {
  const isPartitioned = destinations.some((routes) => routes.length > 1);
  return { destinations, common: isPartitioned ? null : destinations.flat() };
}

/** The routes of an event where they depend on its visitor: one a destination, and for one visitor always the same. */
export function routesOfVisitor({ destinations }: Routing, visitor: string): readonly Route[] {
  return destinations.flatMap((routes) => {
    const partition = routes.length > 1 ? partitionOf(visitor, routes.length) : 0;
    return routes[partition] ?? [];
  });
}
