// A clock that a test turns by hand: nothing passes until `advance`, and then timers run in their order.
import type { Clock } from "../../src/runtime/clock.ts";

export interface HandClock extends Clock {
  /** Lets `ms` go by, and runs each timer that is due at its time, those included that timers start. */
  advance(ms: number): void;
}

interface Timer {
  atMs: number;
  /** Null for a timer that runs once. */
  readonly everyMs: number | null;
  readonly act: () => void;
}

export function createHandClock(startMs = 1000): HandClock {
  let nowMs = startMs;
  const timers = new Set<Timer>();

  function add(ms: number, everyMs: number | null, act: () => void): () => void {
    const timer = { atMs: nowMs + ms, everyMs, act };
    timers.add(timer);
    return () => void timers.delete(timer);
  }

  return {
    now: () => nowMs,
    after: (ms, act) => add(ms, null, act),
    every: (ms, act) => add(ms, ms, act),
    advance: (ms) => {
      const endMs = nowMs + ms;
      while (true) {
        const [next] = [...timers].toSorted((a, b) => a.atMs - b.atMs);
        if (next === undefined || next.atMs > endMs) break;
        nowMs = Math.max(nowMs, next.atMs);
        if (next.everyMs === null) timers.delete(next);
        else next.atMs += next.everyMs;
        next.act();
      }
      nowMs = endMs;
    },
  };
}
