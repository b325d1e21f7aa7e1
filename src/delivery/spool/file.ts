// What can be done with a spool's file, whether it is there or something stands in for it. Each throws what SQLite throws.
import type { Backlog } from "./backlogs.ts";
import type { Change } from "./change.ts";
import type { ReadOptions } from "./copies.ts";
import type { Quarantined } from "./quarantine.ts";
import type { DamagedRow, SpooledEvent } from "./row.ts";
import type { Stock } from "./stock.ts";

/** A spool's file, open for the one process that writes it. */
export interface SpoolFile {
  readonly rows: number;
  /** Payload bytes of all rows. */
  readonly bytes: number;
  /** When the oldest row was spooled, epoch milliseconds; null when there is none. */
  readonly oldestAt: number | null;
  /** The last sequence given out. */
  readonly lastSeq: number;
  /** Rows that are no events any more and were set aside. */
  readonly damagedRows: number;
  /** True for what stands in for a file that cannot be made. */
  readonly isAbsent: boolean;
  /** What waits for each destination that anything waits for, at each moment. */
  backlogs(): ReadonlyMap<string, Backlog>;
  /** What is in quarantine of each destination of which anything is. */
  quarantined(): ReadonlyMap<string, Stock>;
  /** One transaction and one fsync: all of it is safe on disk afterwards, or none of it when this throws. */
  write(change: Change): void;
  /** The next events that wait for a destination, oldest first, and rows that are none any more. */
  read(options: ReadOptions): (SpooledEvent | DamagedRow)[];
  /** The same for all destinations. */
  readAll(afterSeq: number, limit: number): (SpooledEvent | DamagedRow)[];
  /** The next copies in quarantine, and rows that are none any more. */
  readQuarantined(afterSeq: number, limit: number): (Quarantined | DamagedRow)[];
  /** Puts a row that is no event aside, with all that it holds. */
  setAside(row: DamagedRow, nowMs: number): void;
  /** How far the salvage of a damaged file is done. */
  salvagedSeq(file: string): number;
  /** Reads the sums anew when another process has written the file. */
  refresh(): void;
  /** Throws unless the file and the disk have room for an event of 16 KiB. */
  probeRoom(): void;
  /** Gives a piece of the room of an empty file back to the disk; false when there is no more to give. */
  shrink(): boolean;
  close(): void;
}
