// Refused requests in the log: a summary now and then, never a line each.
import type { Log } from "./log.ts";

const EVERY_MS = 10_000;

/** Counts refusals by reason and source. */
export interface RefusalLog {
  /** `sourceId` is null without a valid write key. */
  count(reason: string, sourceId: string | null): void;
  /** Writes what was counted since the last lines. */
  flush(): void;
}

/** Creates the counts; they are logged every ten seconds, or `everyMs`, in which there were any. */
export function createRefusalLog(log: Log, everyMs = EVERY_MS): RefusalLog {
  let counts = new Map<string, { reason: string; source: string | null; count: number }>();
  let timer: ReturnType<typeof setTimeout> | null = null;

  const flush = () => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
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
      if (timer === null) {
        timer = setTimeout(flush, everyMs);
        timer.unref();
      }
    },
    flush,
  };
}
