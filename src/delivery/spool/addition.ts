// What is given to the spool: an event, and which of its copies are to wait, and which go to quarantine at once.
import type { Route } from "../../config/subject.ts";
import type { SpooledContent, SpooledRoute } from "./row.ts";

/** An event's message for one destination. */
export interface Copy {
  readonly route: Route;
  /** True when the stream may have it already. */
  readonly mayBeStored: boolean;
  /** Why no stream will ever take it, so that it goes to quarantine; null when it is to be delivered. */
  readonly quarantine: string | null;
}

/** An event to be spooled. */
export interface Addition {
  readonly event: SpooledContent & { readonly routes: readonly SpooledRoute[] };
  readonly copies: readonly (Omit<Copy, "route"> & { readonly route: SpooledRoute })[];
  readonly salvaged?: Salvaged | undefined;
}

/** Where an event was salvaged from: with it goes how far that is done. */
export interface Salvaged {
  readonly file: string;
  readonly seq: number;
  /** Of a copy in quarantine: when it was put there, and when it had been spooled; epoch milliseconds. */
  readonly atMs?: number;
  readonly spooledAtMs?: number;
}

const known = new WeakMap<readonly Route[], readonly Copy[]>();

/**
 * A copy to be delivered for each route, that no stream has. One object for all events of a source: made for each event they cost a tenth of the
 * spool's throughput.
 */
export function copiesFor(routes: readonly Route[]): readonly Copy[] {
  let copies = known.get(routes);
  if (copies === undefined) {
    copies = routes.map((route) => ({ route, mayBeStored: false, quarantine: null }));
    known.set(routes, copies);
  }
  return copies;
}

/** The routes of the copies that are to wait. One object for all events of a source, as far as that is so. */
export function waitingRoutes({ event, copies }: Addition): readonly SpooledRoute[] {
  const { routes } = event;
  let isWhole = copies.length === routes.length;
  for (let index = 0; isWhole && index < copies.length; index++) {
    const copy = copies[index];
    isWhole = copy?.quarantine === null && copy.route === routes[index];
  }
  return isWhole ? routes : copies.flatMap(({ route, quarantine }) => (quarantine === null ? [route] : []));
}
