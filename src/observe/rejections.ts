// Rejected requests in the log: a summary now and then, never a line each.
import { type Clock, systemClock } from "../runtime/clock.ts";
import type { Log } from "./log.ts";

const EVERY_MS = 10_000;

/** Counts rejections by reason and source. */
export interface RejectionLog {
  /** `sourceId` is null without a valid write key. */
  count(reason: string, sourceId: string | null): void;
  /** Writes what was counted since the last lines. */
  flush(): void;
}

/** Creates the counts; they are logged every ten seconds in which there were any. */
export function createRejectionLog(log: Log, clock: Clock = systemClock): RejectionLog {
  let counts = new Map<string, { reason: string; source: string | null; count: number }>();
  let callOff: (() => void) | null = null;

  const flush = () => {
    callOff?.();
    callOff = null;
    for (const { reason, source, count } of counts.values()) {
      log.warn("requests refused", { reason, source, count });
    }
    counts = new Map();
  };

  return {
    count(reason, sourceId) {
      const key = `${sourceId} ${reason}`;
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { reason, source: sourceId, count: 1 });
      else known.count += 1;
      callOff ??= clock.after(EVERY_MS, flush);
    },
    flush,
  };
}
