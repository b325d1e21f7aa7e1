// Where time comes from, so that a test can turn the hands itself. For what is told to people, see the callers' own
// epoch clocks: this one only tells how much later it is.
import { createBeat, PULSE_MS } from "./beat.ts";

/** A clock that never goes back, and its timers. */
export interface Clock {
  /** Milliseconds since some moment that stays the same for as long as the process lives. */
  now(): number;
  /** Calls `act` once, `ms` from now; the function it returns calls that off. */
  after(ms: number, act: () => void): () => void;
  /** Calls `act` every `ms` until the function it returns is called; the machine's keeps pulses, where `ms` is one at least. */
  every(ms: number, act: () => void): () => void;
}

/** The machine's clock. Its timers never keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, act) => {
    const timer = setTimeout(act, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  every: (ms, act) => (ms < PULSE_MS ? tick(ms, act) : beat(ms, act)),
};

function tick(ms: number, act: () => void): () => void {
  const timer = setInterval(act, ms);
  timer.unref();
  return () => clearInterval(timer);
}

const beat = createBeat({ now: systemClock.now, every: tick });
