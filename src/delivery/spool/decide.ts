// What an operator decides about copies in quarantine, done to a spool's file from another process: beside the gateway that has
// it open, or without one. In small transactions, so that the gateway never waits long; it notices them by itself.
import { DatabaseSync } from "node:sqlite";
import { reasonOf } from "../log.ts";
import { isLogDamaged } from "./aside.ts";
import { prepareChanges } from "./change.ts";
import { openCopyIndex } from "./copies.ts";
import { SpoolError } from "./fault.ts";
import { boundTo } from "./layout.ts";
import { openQuarantine, type Quarantined } from "./quarantine.ts";
import { wholeRows } from "./row.ts";
import { closeMarked } from "./sidelog.ts";
import { checkTables, hasTable, VERSION, versionOf } from "./tables.ts";
import { openTotals } from "./totals.ts";
import { transact } from "./transaction.ts";

/** What is done with a copy: it waits for its destination again, or it is gone for good. */
export type Decision = "retry" | "discard";

/** Copies of one file that a decision concerns. */
export interface Decided {
  /** Those that are there when it is opened. What comes later is decided another time. */
  readonly count: number;
  /** To how many it is done. */
  readonly done: number;
  /** Rows that are no copies any more, and stay. */
  readonly damaged: number;
  /** Does it to some of them; false once none is left. Throws a `SpoolError`. */
  next(): boolean;
  close(): void;
}

/** Which copies of which file. */
export interface DecideOptions {
  readonly path: string;
  /** Null for all destinations. */
  readonly destinationId: string | null;
  /** Bound of the file. */
  readonly maxBytes: number;
  /** Whether no gateway has the folder, and none can take it meanwhile. */
  readonly isAlone: boolean;
  /** Epoch milliseconds. */
  readonly clock: () => number;
}

/** Rows of one transaction: about 5 ms. */
const BATCH = 200;
const BUSY_TIMEOUT_MS = 5000;

/** Opens a file for one decision. Throws a `SpoolError` for a file that cannot be changed. */
export function openDecided(decision: Decision, options: DecideOptions): Decided {
  const { path, isAlone } = options;
  // SQLite would give away what stands behind the damage.
  if (isAlone && isLogDamaged(path)) {
    throw new SpoolError(
      `Cannot change the spool "${path}": its log is damaged, and whoever starts on it mends it`,
    );
  }
  return attempt(path, () => {
    const database = new DatabaseSync(path);
    try {
      return decideOn(database, decision, options);
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

function attempt<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new SpoolError(`Cannot change the spool "${path}": ${reasonOf(error)}`, { cause: error });
  }
}

function decideOn(database: DatabaseSync, decision: Decision, options: DecideOptions): Decided {
  const { path, destinationId, maxBytes, isAlone, clock } = options;
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  if (versionOf(database) > VERSION) throw new SpoolError("a newer Pixelgate wrote it");
  // Of an earlier version, or without the log that has its tables.
  if (versionOf(database) < VERSION || !hasTable(database, "quarantined")) return nothing(database);
  checkTables(database, VERSION);
  database.exec(`PRAGMA synchronous = FULL; ${boundTo(maxBytes)}`);
  const quarantine = openQuarantine(database);
  const putBack = preparePutBack(database);
  const { count, last } = quarantine.extent(destinationId);
  let afterSeq = 0;
  let done = 0;
  let damaged = 0;

  function decideSome(): boolean {
    const rows = quarantine.read({ afterSeq, untilSeq: last, limit: BATCH, destinationId });
    const copies = wholeRows(rows);
    // What is not what was written must not be sent; thrown away it can be.
    const gone = decision === "discard" ? rows : copies;
    transact(database, () => {
      for (const { seq } of gone) quarantine.remove(seq);
      if (decision === "retry") putBack(copies, clock());
    });
    afterSeq = rows.at(-1)?.seq ?? afterSeq;
    done += gone.length;
    damaged += rows.length - gone.length;
    return rows.length > 0;
  }

  return {
    count,
    get done() {
      return done;
    },
    get damaged() {
      return damaged;
    },
    next: () => attempt(path, decideSome),
    close: () => (isAlone ? closeMarked(database) : database.close()),
  };
}

function nothing(database: DatabaseSync): Decided {
  return { count: 0, done: 0, damaged: 0, next: () => false, close: () => database.close() };
}

/** Spools copies anew, each as an event of its own. */
function preparePutBack(database: DatabaseSync): (copies: readonly Quarantined[], nowMs: number) => void {
  const index = openCopyIndex(database, true);
  const totals = openTotals(database);
  const apply = prepareChanges(database, { index, quarantine: null, hasSums: true, afterSeq: 0 });
  return (copies, nowMs) => {
    const added = copies.map(({ event, destinationId, subject }) => {
      const route = { destinationId, subject };
      const copy = { route, mayBeStored: false, quarantine: null };
      return { event: { ...event, routes: [route] }, copies: [copy] };
    });
    const { rows, bytes } = apply({ added, delivered: new Map(), refused: new Map(), nowMs });
    totals.add(rows, bytes);
    index.settle();
  };
}
