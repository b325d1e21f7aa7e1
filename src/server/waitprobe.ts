// How long requests wait for their turn, measured ten times a second by a byte that waits among them, while there are any.
import type { Clock } from "../runtime/clock.ts";
import type { OpenLoopback } from "./loopback.ts";

/** A probe that runs until it is stopped. */
export interface WaitProbe {
  stop(): void;
}

/** What a probe needs, and who hears of it. */
export interface WaitProbeOptions {
  readonly clock: Clock;
  readonly openLoopback: OpenLoopback;
  /** Whether there was a request since it was asked last: without any nobody waits, and no byte is sent. */
  readonly wasBusy: () => boolean;
  /** Told the wait at each probe, in milliseconds: the last one measured, or more where the byte still waits. */
  readonly onWait: (waitMs: number) => void;
  /** Told once that there is nothing to measure with any more. */
  readonly onLost: () => void;
}

/** From one probe to the next. */
export const PROBE_MS = 100;

/** Starts to measure; until the connection is made the wait is 0. */
export function startWaitProbe(options: WaitProbeOptions): WaitProbe {
  const { clock, openLoopback, wasBusy, onWait, onLost } = options;
  let waitMs = 0;
  let dueMs = clock.now() + PROBE_MS;
  /** Since when the byte that is on its way waits; null while none is. */
  let sentMs: number | null = null;

  const stopTicks = clock.every(PROBE_MS, () => {
    const nowMs = clock.now();
    // A probe that is late has waited already.
    const fromMs = Math.min(dueMs, nowMs);
    dueMs = nowMs + PROBE_MS;
    if (sentMs !== null) waitMs = Math.max(waitMs, nowMs - sentMs);
    onWait(waitMs);
    const isBusy = wasBusy();
    if (sentMs !== null) return;
    if (!isBusy) waitMs = 0;
    else if (loopback.send()) sentMs = fromMs;
  });
  const loopback = openLoopback(
    () => {
      if (sentMs === null) return;
      waitMs = clock.now() - sentMs;
      sentMs = null;
    },
    () => {
      stopTicks();
      onLost();
    },
  );

  return {
    stop() {
      stopTicks();
      loopback.close();
    },
  };
}
