// How a process is told to end.

// Ctrl-C and some launchers reach a process twice, by its group and by its parent: within so long it is one wish.
const ECHO_MS = 100;
const ORPHANED = "the supervisor is gone";

/** What a process ends for, beside the first signal, and how. */
export interface EndOptions {
  /** Run by a second signal, before the process ends with exit code 1; a third one does not wait for it. */
  readonly endAtOnce?: () => Promise<void>;
  /** Is given a function that ends the process as a first signal does. */
  readonly watch?: (end: (why: string) => void) => void;
}

/**
 * Resolves with exit code 0 when `stop` has run after the first SIGTERM or SIGINT, or when a supervisor that held our
 * message channel is gone. A second signal ends the process at once, with exit code 1.
 */
export function untilStopped(
  stop: (why: string) => Promise<void>,
  { endAtOnce = async () => {}, watch }: EndOptions = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    let isStopping = false;
    let isEnding = false;
    let begunMs = 0;
    const begin = (why: string) => {
      isStopping = true;
      begunMs = performance.now();
      stop(why).then(() => resolve(0), reject);
    };
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        if (!isStopping) return begin(signal);
        if (performance.now() - begunMs <= ECHO_MS) return;
        if (isEnding) process.exit(1);
        isEnding = true;
        begunMs = performance.now();
        endAtOnce().finally(() => process.exit(1));
      });
    }
    const end = (why: string) => {
      if (!isStopping) begin(why);
    };
    process.on("disconnect", () => end(ORPHANED));
    // It may have gone while we started.
    if (process.send !== undefined && !process.connected) end(ORPHANED);
    watch?.(end);
  });
}
