// Refused requests in the log: a summary now and then, never a line each.
import type { Log } from "./log.ts";

const EVERY_MS = 10_000;

/** Counts refusals by reason and logs the counts every ten seconds, or `everyMs`, in which there were any. */
export function createRefusalLog(
  log: Log,
  everyMs = EVERY_MS,
): (reason: string, sourceId: string | null) => void {
  let counts = new Map<string, { reason: string; source: string | null; count: number }>();
  let timer: ReturnType<typeof setTimeout> | null = null;

  const write = () => {
    timer = null;
    for (const { reason, source, count } of counts.values()) {
      log.warn("requests refused", { reason, source, count });
    }
    counts = new Map();
  };

  return (reason, sourceId) => {
    const key = `${sourceId} ${reason}`;
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { reason, source: sourceId, count: 1 });
    else known.count += 1;
    if (timer === null) {
      timer = setTimeout(write, everyMs);
      timer.unref();
    }
  };
}
