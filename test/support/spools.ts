// A real spool in a folder of its own, and what its tests do with it.
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
  return new Promise((resolve) => spool.append(one, one.routes, false, resolve));
}

/** The ids of all events, as the spool reads them. */
export function ids(spool: Spool): string[] {
  return spool.read({ afterSeq: 0, limit: 10_000 }).map(({ id }) => id);
}

/** Spools events `e0`, `e1` … in one turn. */
export function appendMany(spool: Spool, count: number, payload: string): Promise<boolean[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => append(spool, `e${index}`, payload)));
}
