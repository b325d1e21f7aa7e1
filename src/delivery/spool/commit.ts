// Group commit: what waits is written as one transaction with one fsync, and answered after it. Keeps trying for room while
// the disk has none. Knows no backlog and no bound of one.
import type { Clock } from "../../runtime/clock.ts";
import { type DeliveryLog, reasonOf } from "../log.ts";
import {
  type Admission,
  type AdmissionEvent,
  admits,
  nextAdmission,
  OPEN,
  RETRY_MS,
  type SpoolState,
  spoolStateOf,
} from "./admission.ts";
import type { CurrentFile } from "./current.ts";
import { faultOf } from "./fault.ts";
import { type Append, AppendQueue } from "./queue.ts";
import type { RowChanges } from "./rowchanges.ts";

/** What waits for the next transaction. */
export interface Commit {
  readonly queue: Pick<AppendQueue, "isLong" | "backlog" | "refused">;
  readonly state: SpoolState;
  /** Whether an event would be taken now. */
  readonly isOpen: boolean;
  readonly isClosed: boolean;
  /** Takes an event in, or tells it that it cannot be kept. */
  take(append: Append): void;
  /** Sees to it that the changes are written, with appends when there are some. */
  soon(): void;
  /** Writes what waits, at once. */
  flush(): void;
  /** Takes nothing for a while: something could not be written. */
  refuse(error: unknown): void;
  /** Takes nothing any more. */
  close(): void;
}

/** What is committed, and where. */
export interface CommitOptions {
  /** The file, once it is open. */
  readonly current: () => CurrentFile;
  readonly changes: RowChanges;
  readonly log: DeliveryLog;
  /** Lets a line of each kind through now and then. */
  readonly rarely: (kind: string, write: () => void) => void;
  readonly time: Clock;
}

/** Deletions wait this long for an append to share its fsync. */
const REMOVE_DELAY_MS = 20;

/** Starts with nothing that waits. */
export function createCommit({ current, changes, log, rarely, time }: CommitOptions): Commit {
  const queue = new AppendQueue();
  let admission: Admission = OPEN;
  let isScheduled = false;
  let cancelCommit: (() => void) | null = null;
  let cancelProbe: (() => void) | null = null;

  function change(event: AdmissionEvent): void {
    const was = admission;
    admission = nextAdmission(was, event, time.now());
    if (was.is === "refusing" && admission.is === "open") log.info("the spool takes events again");
  }

  const isOpen = () => admits(admission, time.now());

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      commit();
    });
  }

  /** One transaction with the appends and the deletions that wait, and only then the answers. */
  function commit(): void {
    if (admission.is === "closed" || (queue.isEmpty && changes.isEmpty)) return;
    const batch = queue.take();
    cancelCommit?.();
    cancelCommit = null;
    const isSafe = write(batch);
    for (const { done } of batch) done(isSafe);
    if (!queue.isEmpty) schedule();
  }

  function write(batch: readonly Append[]): boolean {
    try {
      current().write(batch);
      change({ is: "written" });
      return true;
    } catch (error) {
      refuse(error);
      return false;
    }
  }

  function refuse(error: unknown): void {
    const fault = faultOf(error);
    const says = fault === "full" ? "the spool is full" : "Cannot write the spool";
    const { rows, bytes } = current().file;
    rarely(says, () => log.error(says, { reason: reasonOf(error), events: rows, bytes }));
    change({ is: "failed", fault });
    cancelProbe?.();
    cancelProbe = time.after(RETRY_MS, probe);
  }

  /** Finds out whether there is room again: while the spool says it is full, perhaps nobody brings an event to try. */
  function probe(): void {
    cancelProbe = null;
    if (admission.is !== "refusing") return;
    commit();
    try {
      current().probeRoom();
      change({ is: "written" });
    } catch (error) {
      refuse(error);
    }
  }

  return {
    queue,
    get state() {
      return spoolStateOf(admission);
    },
    get isOpen() {
      return isOpen();
    },
    get isClosed() {
      return admission.is === "closed";
    },
    take: (append) => {
      if (isOpen() && queue.push(append)) schedule();
      else append.done(false);
    },
    soon: () => {
      if (isScheduled || cancelCommit !== null || !isOpen()) return;
      cancelCommit = time.after(REMOVE_DELAY_MS, commit);
    },
    flush: () => {
      do commit();
      while (!queue.isEmpty);
    },
    refuse,
    close: () => {
      change({ is: "closed" });
      cancelCommit?.();
      cancelProbe?.();
    },
  };
}
