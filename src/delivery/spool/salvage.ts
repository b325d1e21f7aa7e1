// Brings the events of damaged and lost files back to the spool, file by file and batch by batch. With each batch goes how
// far the file is done, in the same transaction: a stop or a kill midway costs nothing, and the next start goes on. A file
// has one order for all that it holds: copies in quarantine first, then events. The place in it is a number.
import type { Clock } from "../../runtime/clock.ts";
import { createRarely, type DeliveryLog, reasonOf } from "../log.ts";
import type { Quarantined } from "./quarantine.ts";
import type { SpooledEvent } from "./row.ts";
import type { Settled } from "./rowchanges.ts";

/** What comes back: an event, or a copy in quarantine. */
export type Found = SpooledEvent | Quarantined;

/** Before the first place of a file. */
export const NOT_BEGUN = Number.MIN_SAFE_INTEGER;

/** The place of a copy in quarantine, by its sequence; that of an event is its sequence. */
export function placeOfQuarantined(seq: number): number {
  return NOT_BEGUN + seq;
}

/** Whether it is a copy in quarantine. */
export function isQuarantined(found: Found): found is Quarantined {
  return "reason" in found;
}

/** Where something stands in the order of its file. */
export function placeOf(found: Found): number {
  return isQuarantined(found) ? placeOfQuarantined(found.seq) : found.seq;
}

/** Where events are salvaged from. */
export interface SalvageSource {
  /** Does a little of what has to be done before reading; true once all of it is. */
  isReady(): boolean;
  /** Rows that are still to be read. */
  left(): number;
  /** The next of what it holds, in its order, at most `limit`, and how many rows on the way were nothing any more. */
  next(limit: number): { readonly found: readonly Found[]; readonly damaged: number };
  /** Goes on after a place. */
  rewind(after: number): void;
  /** All of it is back: closes it, and sees to it that it is not read again. */
  finish(): void;
  close(): void;
}

/** A file whose events are to come back. */
export interface SalvageJob {
  readonly path: string;
  /** Throws when there is nothing to read from. */
  readonly open: () => SalvageSource;
  /** Copies that need not come back: they are delivered. */
  readonly settled: Settled;
  /** Its file has no name any more: when the process ends, what is left of it is lost. */
  readonly isLost: boolean;
  /** How far it is done already: a place. */
  readonly done: () => number;
}

/** Where salvaged events go. */
export interface SalvageOptions {
  readonly log: DeliveryLog;
  readonly time: Clock;
  /** True while a batch would be too much: new events go first, and a full spool is waited for. */
  readonly isBusy: () => boolean;
  /** Keeps what was found, and with it that its file is done so far. */
  readonly keep: (found: Found, path: string, done: (isSafe: boolean) => void) => void;
}

/** The salvage of one spool. */
export interface Salvage {
  /** Rows that were found and are not back yet; null while it has nothing to do. */
  readonly left: number | null;
  /** Takes a file on. */
  add(job: SalvageJob): void;
  /** Brings back at once what would be lost with the process; `flush` writes what was kept. */
  rescue(flush: () => void): void;
  stop(): void;
}

const BATCH = 200;
const PAUSE_MS = 5;
const BUSY_PAUSE_MS = 1000;
const REPORT_MS = 10_000;

/** Starts with nothing to do. */
export function createSalvage({ log, time, isBusy, keep }: SalvageOptions): Salvage {
  const rarely = createRarely(REPORT_MS);
  const jobs: SalvageJob[] = [];
  let source: SalvageSource | null = null;
  let isReady = false;
  let done = NOT_BEGUN;
  let saved = 0;
  let damaged = 0;
  let cancel: (() => void) | null = null;
  let isStopped = false;

  function later(ms: number): void {
    if (!isStopped) cancel = time.after(ms, step);
  }

  function step(): void {
    const [job] = jobs;
    if (job === undefined || isStopped) return;
    if (isBusy()) {
      later(BUSY_PAUSE_MS);
      return;
    }
    try {
      source ??= job.open();
      if (!isReady) prepare(job, source);
      else if (source.left() === 0) finish(job, source);
      else takeBatch(job, source);
    } catch (error) {
      log.error("Cannot read the damaged spool", { file: job.path, reason: reasonOf(error) });
      closeSource();
      end();
    }
  }

  function prepare(job: SalvageJob, from: SalvageSource): void {
    isReady = from.isReady();
    if (isReady) {
      done = job.done();
      from.rewind(done);
      log.info("bringing events back from the damaged spool", { file: job.path, events: from.left() });
    }
    later(PAUSE_MS);
  }

  function takeBatch({ path, settled }: SalvageJob, from: SalvageSource): void {
    const batch = from.next(BATCH);
    damaged += batch.damaged;
    const wanted = wantedOf(batch.found, settled);
    let waiting = wanted.length;
    let isRefused = false;
    if (waiting === 0) later(PAUSE_MS);
    for (const found of wanted) {
      keep(found, path, (isSafe) => {
        isRefused ||= !isSafe;
        if (!isRefused) {
          saved++;
          done = placeOf(found);
        }
        if (--waiting > 0 || source !== from) return;
        // What was refused waits for room.
        if (isRefused) from.rewind(done);
        rarely("progress", () =>
          log.info("bringing events back from the damaged spool", {
            file: path,
            done: saved,
            left: from.left(),
          }),
        );
        later(isRefused ? BUSY_PAUSE_MS : PAUSE_MS);
      });
    }
  }

  function finish({ path }: SalvageJob, from: SalvageSource): void {
    from.finish();
    log.warn("the readable events of the damaged spool are back", { events: saved, damaged, file: path });
    end();
  }

  function rescueOne(job: SalvageJob, flush: () => void): void {
    const { path, settled } = job;
    // What is done already is known of the first job alone: the others have not begun.
    const isBegun = job === jobs[0] && isReady;
    let kept = isBegun ? saved : 0;
    let lost = 0;
    try {
      const from = job === jobs[0] && source !== null ? source : job.open();
      from.rewind(isBegun ? done : NOT_BEGUN);
      while (from.left() > 0) {
        for (const found of wantedOf(from.next(BATCH).found, settled)) {
          keep(found, path, (isSafe) => {
            if (isSafe) kept++;
            else lost++;
          });
        }
        flush();
      }
    } catch (error) {
      log.error("Cannot read the damaged spool", { file: path, reason: reasonOf(error) });
    }
    if (lost > 0) log.error("events of the lost spool cannot be kept", { file: path, events: lost });
    else log.warn("the readable events of the damaged spool are back", { events: kept, file: path });
  }

  function closeSource(): void {
    try {
      source?.close();
    } catch {
      // Nothing more is wanted of it.
    }
    source = null;
  }

  function end(): void {
    source = null;
    isReady = false;
    saved = 0;
    damaged = 0;
    jobs.shift();
    later(PAUSE_MS);
  }

  return {
    get left() {
      // Before the rows are counted there is one at least.
      return jobs.length === 0 ? null : Math.max(1, isReady ? (source?.left() ?? 1) : 1);
    },
    add: (job) => {
      jobs.push(job);
      if (jobs.length === 1) later(PAUSE_MS);
    },
    rescue: (flush) => {
      for (const job of jobs.filter(({ isLost }) => isLost)) rescueOne(job, flush);
    },
    stop: () => {
      isStopped = true;
      cancel?.();
      closeSource();
    },
  };
}

/** Without the copies that are delivered, and without the events of which nothing is left then. */
function wantedOf(found: readonly Found[], settled: Settled): Found[] {
  if (settled.size === 0) return [...found];
  return found.flatMap((one) => {
    const got = isQuarantined(one) ? undefined : settled.get(one.seq);
    if (got === undefined || isQuarantined(one)) return [one];
    const routes = one.routes.filter(({ destinationId }) => !got.has(destinationId));
    return routes.length === 0 ? [] : [{ ...one, routes }];
  });
}
