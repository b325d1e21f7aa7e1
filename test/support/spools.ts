// A real spool in a folder of its own, and what its tests do with it.
import type { Route } from "../../src/config/subject.ts";
import type { Copy } from "../../src/delivery/spool/addition.ts";
import type { SpooledEvent } from "../../src/delivery/spool/row.ts";
import { openSpool, type Spool } from "../../src/delivery/spool/spool.ts";
import { afterTest, event, recordLog } from "./parts.ts";

export const MIB = 1024 * 1024;

/** Opens the spool of a folder; it is closed after the test. */
export function open(dataDir: string, maxBytes = 64 * MIB, clock: () => number = Date.now) {
  const log = recordLog();
  const spool = openSpool({ dataDir, maxBytes, log, clock });
  afterTest(() => spool.close());
  return { spool, log };
}

/** Spools one event; true when it is safe. */
export function append(spool: Spool, id: string, payload?: string): Promise<boolean> {
  const one = payload === undefined ? event(id) : event(id, { payload });
  return new Promise((resolve) => spool.append(one, copiesOf(one.routes), resolve));
}

/** A copy for each route, none of which the stream may have unless `fields` say so. */
export function copiesOf(routes: readonly Route[], fields: Partial<Copy> = {}): Copy[] {
  return routes.map((route) => ({ route, mayBeStored: false, quarantine: null, ...fields }));
}

/** Routes to `ads` and to `warehouse`. */
export function twoRoutes(): Route[] {
  return ["ads", "warehouse"].map((id) => ({
    destinationId: id,
    subject: `pixel.${id}.page`,
    stream: "PIXEL",
  }));
}

/** The events that wait for `event`'s own destination. */
export function waiting(spool: Spool, fields: Partial<Parameters<Spool["read"]>[0]> = {}): SpooledEvent[] {
  return spool.read({ destinationId: "warehouse", afterSeq: 0, limit: 10_000, ...fields });
}

/** The ids of all events that wait for it, as the spool reads them. */
export function ids(spool: Spool): string[] {
  return waiting(spool).map(({ id }) => id);
}

/** Spools events `e0`, `e1` … in one turn. */
export function appendMany(spool: Spool, count: number, payload: string): Promise<boolean[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => append(spool, `e${index}`, payload)));
}
