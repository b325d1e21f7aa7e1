// How long requests wait for their turn, and which to turn away when that is too long. Knows no request.
import { connect, createServer, type Socket } from "node:net";

export interface Pressure {
  /** False for a request that must be turned away so that others are answered in time. */
  admits(): boolean;
  stop(): void;
}

const PROBE_MS = 100;
/** Waits past this turn requests away; longer than a collection of garbage or a healthy disk's fsync takes. */
const MAX_WAIT_MS = 300;
/** So many probes in a row must have waited too long: one stall is over before turning anybody away would help. */
const HIGH_PROBES = 4;
/** By so much the share that is turned away grows or shrinks at a probe: from all to none in two seconds. */
const STEP = 0.05;
/** Some are always let in, and show when there is room again. */
const MAX_SHARE = 0.9;

/**
 * Measures the wait with a connection of the process to itself: its byte queues behind the requests that the kernel
 * holds ready, which no clock inside the event loop sees. Without such a connection everybody is admitted. `onChange`
 * is told when turning away begins and when it has ended.
 */
export function createPressure(onChange: (isHigh: boolean, waitMs: number) => void): Pressure {
  let share = 0;
  let owed = 0;
  let dueMs = performance.now() + PROBE_MS;
  let sentMs = 0;
  let waitMs = 0;
  let highProbes = 0;
  let near: Socket | null = null;
  let far: Socket | null = null;

  const server = createServer((socket) => {
    far = socket;
    server.close();
    socket.unref();
    socket.on("error", forget);
    socket.on("data", () => {
      waitMs = performance.now() - sentMs;
      sentMs = 0;
    });
  });
  server.on("error", forget);
  server.listen(0, "127.0.0.1", () => {
    const address = server.address();
    if (address === null || typeof address === "string") return;
    near = connect(address.port, "127.0.0.1");
    near.unref();
    near.setNoDelay(true);
    near.on("error", forget);
  });
  server.unref();
  const timer = setInterval(probe, PROBE_MS);
  timer.unref();

  function forget(): void {
    clearInterval(timer);
    near?.destroy();
    far?.destroy();
    share = 0;
  }

  function probe(): void {
    const nowMs = performance.now();
    // A probe that is late has waited already.
    const fromMs = Math.min(dueMs, nowMs);
    dueMs = nowMs + PROBE_MS;
    if (sentMs !== 0) waitMs = Math.max(waitMs, nowMs - sentMs);
    const before = share;
    highProbes = waitMs > MAX_WAIT_MS ? highProbes + 1 : 0;
    if (highProbes > HIGH_PROBES) share = Math.min(MAX_SHARE, share + STEP);
    else if (waitMs < MAX_WAIT_MS / 2) share = Math.max(0, share - STEP);
    if ((before === 0) !== (share === 0)) onChange(share > 0, waitMs);
    if (sentMs !== 0 || far === null) return;
    sentMs = fromMs;
    near?.write("?");
  }

  return {
    admits() {
      if (share === 0) return true;
      owed += share;
      if (owed < 1) return true;
      owed -= 1;
      return false;
    },
    stop() {
      forget();
      server.close();
    },
  };
}
