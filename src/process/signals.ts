// How a process is told to end.

// Ctrl-C and some launchers reach a process twice, by its group and by its parent: within so long it is one wish.
const ECHO_MS = 100;

/**
 * Resolves with exit code 0 when `stop` has run after the first SIGTERM or SIGINT, or when a supervisor that held our
 * message channel is gone. A second signal ends the process at once, with exit code 1.
 */
export function untilStopped(stop: (why: string) => Promise<void>): Promise<number> {
  return new Promise((resolve, reject) => {
    let isStopping = false;
    let begunMs = 0;
    const begin = (why: string) => {
      isStopping = true;
      begunMs = performance.now();
      stop(why).then(() => resolve(0), reject);
    };
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        if (!isStopping) begin(signal);
        else if (performance.now() - begunMs > ECHO_MS) process.exit(1);
      });
    }
    process.on("disconnect", () => {
      if (!isStopping) begin("the supervisor is gone");
    });
  });
}
