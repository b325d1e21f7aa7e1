// How tests wait: for something to be so, never for a time.
import { setTimeout as sleep } from "node:timers/promises";

const LIMIT_MS = 20_000;
const PAUSE_MS = 20;

/** Resolves once `isSo`; rejects with what was waited for when that takes too long. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  limitMs = LIMIT_MS,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > deadline) {
      throw new Error(`Cannot wait any longer until ${what}: ${limitMs} ms are over`);
    }
    await sleep(PAUSE_MS);
  }
}
