// Reads what waits for a destination: without the copies that are done, and without rows that are no events any more, which
// are put aside, each alone. A damaged file is set aside as a whole.
import { type DeliveryLog, reasonOf } from "../log.ts";
import type { ReadOptions } from "./copies.ts";
import type { CurrentFile } from "./current.ts";
import { faultOf } from "./fault.ts";
import { DamagedRow, type SpooledEvent } from "./row.ts";
import type { RowChanges } from "./rowchanges.ts";

/** Reads the next events, oldest first; empty when there are none, or when none can be read now. */
export type RowReader = (wanted: ReadOptions) => SpooledEvent[];

/** Where rows are read from, and who hears of damage. */
export interface RowReaderOptions {
  readonly current: CurrentFile;
  readonly changes: RowChanges;
  readonly log: DeliveryLog;
  /** Lets a line of each kind through now and then. */
  readonly rarely: (kind: string, write: () => void) => void;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

/** Creates the reader of one spool. */
export function createRowReader({ current, changes, log, rarely, clock }: RowReaderOptions): RowReader {
  function putAside(row: DamagedRow): void {
    rarely("damaged row", () =>
      log.error("a row of the spool is damaged and set aside", { row: row.seq, reason: row.reason }),
    );
    try {
      current.file.setAside(row, clock());
    } catch (error) {
      if (faultOf(error) === "damaged") throw error;
      // It is passed over again the next time, until there is room to put it aside.
    }
  }

  return (wanted) => {
    const { destinationId } = wanted;
    try {
      let { afterSeq } = wanted;
      while (true) {
        const found = current.file.read({ ...wanted, afterSeq });
        const events: SpooledEvent[] = [];
        for (const row of found) {
          if (row instanceof DamagedRow) putAside(row);
          else if (!changes.has(row.seq, destinationId)) events.push(changes.leave(row));
        }
        const last = found.at(-1);
        if (events.length > 0 || last === undefined) return events;
        afterSeq = last.seq;
      }
    } catch (error) {
      const reason = reasonOf(error);
      if (faultOf(error) === "damaged") current.setAside(reason);
      else rarely("read", () => log.error("Cannot read the spool", { reason }));
      return [];
    }
  };
}
