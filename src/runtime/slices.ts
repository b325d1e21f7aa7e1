// Long work beside requests: done in slices, and between two of them whatever else waits gets its turn.
import { type Clock, systemClock } from "./clock.ts";

/** A slice is over with the first step that ends after so long. */
const SLICE_MS = 8;

/** Does steps to their end, in slices of some milliseconds; resolves with what they return, rejects with what they throw. */
export async function runInSlices<T>(steps: Iterator<void, T>, clock: Clock = systemClock): Promise<T> {
  while (true) {
    const startedMs = clock.now();
    while (clock.now() - startedMs < SLICE_MS) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
    await new Promise<void>((resolve) => clock.after(0, resolve));
  }
}
