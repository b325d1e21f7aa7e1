// Spools of workers that are no more, since fewer run now: brings their events to JetStream and removes the files.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Layout } from "../config/layout.ts";
import type { Clock } from "../runtime/clock.ts";
import { createRarely, reasonOf } from "./log.ts";
import type { Publisher } from "./nats/publisher.ts";
import { createRelay, type Relay } from "./relay.ts";
import { SPOOL_SUFFIXES, workerOf } from "./spool/name.ts";
import { warnOfMissingLog } from "./spool/sidelog.ts";
import { openSpool, type Spool, type SpoolOptions } from "./spool/spool.ts";
import { isEmpty, isUnused } from "./spool/unused.ts";

/** Where to look, and where their events go. */
export interface AbandonedOptions {
  /** As the gateway opens its own. */
  readonly spoolOptions: SpoolOptions & { readonly time: Clock };
  /** Workers that run: spools from this index on belong to nobody. */
  readonly workers: number;
  readonly publisher: Publisher;
  /** The layout of this moment. */
  readonly layout: () => Layout;
  readonly onRelayed: ((events: number) => void) | undefined;
}

/** The spools that no worker has, while they are relayed. */
export interface AbandonedSpools {
  /** The spools that are being relayed. */
  readonly spools: readonly Spool[];
  /** Says that there may be something to do. */
  wake(): void;
  /** The layout is another one. */
  layOut(): void;
  /** Sends nothing more. */
  stop(): void;
  close(): void;
}

interface AbandonedSpool {
  readonly name: string;
  readonly spool: Spool;
  readonly relay: Relay;
}

const LOOK_MS = 1000;

/**
 * Looks for abandoned spools once a second until there is none. A crash at any moment leaves the file, and so at most events
 * that are published twice with the same `Nats-Msg-Id`.
 */
export function adoptAbandoned(options: AbandonedOptions): AbandonedSpools {
  const { spoolOptions, workers, publisher, layout, onRelayed } = options;
  const { dataDir, log, time } = spoolOptions;
  const rarely = createRarely(60_000);
  let abandoned: AbandonedSpool[] = [];
  const stopLooking = time.every(LOOK_MS, look);

  function look(): void {
    for (const one of abandoned.filter(isEmptied)) remove(one);
    const names = findNames();
    if (names === null) return;
    if (names.length === 0) stopLooking();
    for (const name of names) {
      if (abandoned.some((one) => one.name === name)) continue;
      // Before it is asked for, which makes it whole as it is.
      warnOfMissingLog(join(dataDir, name), log);
      if (isSo(name, isUnused)) adopt(name);
    }
  }

  /** Nothing is left in it, not in its quarantine either, and nothing of a damaged file of its own is to come back. */
  function isEmptied({ spool }: AbandonedSpool): boolean {
    return spool.rows === 0 && spool.quarantined().size === 0 && spool.salvageLeft === null;
  }

  /** The spools of nobody, those too of which only a damaged file is left. Null when the folder cannot be read now. */
  function findNames(): string[] | null {
    try {
      const names = readdirSync(dataDir).map((name) => name.replace(/\.damaged-.*/, ""));
      return [...new Set(names)].filter((name) => (workerOf(name) ?? -1) >= workers);
    } catch (error) {
      rarely("look", () =>
        log.error("Cannot look for spools of former workers", { reason: reasonOf(error) }),
      );
      return null;
    }
  }

  function adopt(name: string): void {
    try {
      const spool = openSpool({ ...spoolOptions, name });
      const relay = createRelay({ spool, publisher, layout, log, time, onRelayed });
      abandoned.push({ name, spool, relay });
      if (spool.rows > 0)
        log.info("draining the spool of a former worker", { file: name, events: spool.rows });
      relay.wake();
    } catch (error) {
      rarely(name, () =>
        log.error("Cannot drain a former worker's spool", { file: name, reason: reasonOf(error) }),
      );
    }
  }

  function remove(one: AbandonedSpool): void {
    const { name, spool, relay } = one;
    relay.stop();
    spool.close();
    abandoned = abandoned.filter((other) => other !== one);
    // In between a worker may have come back and spooled.
    if (!isSo(name, isUnused) || !isSo(name, isEmpty)) return;
    for (const suffix of SPOOL_SUFFIXES) rmSync(join(dataDir, name + suffix), { force: true });
    log.info("removed the empty spool of a former worker", { file: name });
  }

  /** False, too, while the file cannot be asked: it is left alone then. */
  function isSo(name: string, question: (path: string) => boolean): boolean {
    try {
      return question(join(dataDir, name));
    } catch (error) {
      rarely(name, () =>
        log.warn("a former worker's spool is in use", { file: name, reason: reasonOf(error) }),
      );
      return false;
    }
  }

  look();
  return {
    get spools() {
      return abandoned.map(({ spool }) => spool);
    },
    wake: () => {
      for (const { relay } of abandoned) relay.wake();
    },
    layOut: () => {
      for (const { relay } of abandoned) relay.layOut();
    },
    stop: () => {
      stopLooking();
      for (const { relay } of abandoned) relay.stop();
    },
    close: () => {
      for (const { spool } of abandoned) spool.close();
      abandoned = [];
    },
  };
}
