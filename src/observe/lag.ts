// How late the event loop runs. node:perf_hooks has a monitor for it, but Deno's measures something else.
import { type Clock, systemClock } from "../runtime/clock.ts";

const SAMPLE_MS = 200;

/** Tells five times a second how many seconds late a timer ran, until the function it returns is called. */
export function watchLag(tell: (seconds: number) => void, clock: Clock = systemClock): () => void {
  let lastMs = clock.now();
  return clock.every(SAMPLE_MS, () => {
    const nowMs = clock.now();
    tell(Math.max(0, nowMs - lastMs - SAMPLE_MS) / 1000);
    lastMs = nowMs;
  });
}
