// How late the event loop runs. node:perf_hooks has a monitor for it, but Deno's measures something else.
import { clearInterval, setInterval } from "node:timers";

const SAMPLE_MS = 200;

/** Tells five times a second how many seconds late a timer ran, and never keeps the process alive. */
export function watchLag(tell: (seconds: number) => void): { readonly stop: () => void } {
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    tell(Math.max(0, nowMs - lastMs - SAMPLE_MS) / 1000);
    lastMs = nowMs;
  }, SAMPLE_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
