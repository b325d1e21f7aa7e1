// One of several processes on the port: a gateway that reports to its supervisor.
import type { Configuration } from "../config/configuration.ts";
import type { Config } from "../config/environment.ts";
import type { DeliveryState } from "../delivery/state.ts";
import { FLUSH_MS, type LiveBatch, type LiveViewer } from "../observe/live.ts";
import type { Log } from "../observe/log.ts";
import type { Snapshot } from "../observe/snapshot.ts";
import type { Totals } from "../observe/totals.ts";
import { createWorkerFeed } from "../observe/workerfeed.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { openGateway } from "./gateway.ts";
import { untilStopped } from "./signals.ts";
import { createTold } from "./told.ts";

/** How a worker is. */
export interface WorkerStatus {
  readonly state: DeliveryState;
  readonly totals: Totals;
  /** True while its port is closed for want of file descriptors. */
  readonly isShedding: boolean;
}

/** What a worker tells its supervisor. */
export type FromWorker =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "status"; readonly status: WorkerStatus }
  /** `question` is the one that it answers, null for one that is sent unasked. */
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot; readonly question: number | null }
  | { readonly kind: "live"; readonly batch: LiveBatch };

/** What a supervisor asks of a worker. */
export type ToWorker =
  | { readonly kind: "ask snapshot"; readonly question: number }
  | { readonly kind: "watch"; readonly viewers: readonly LiveViewer[] };

const STATUS_MS = 300;
// So that little is forgotten of a worker that dies.
const SNAPSHOT_MS = 1000;

/** Environment names that tell a process it is a worker, and of how many. The supervisor sets them, nobody else. */
export const WORKER_INDEX = "PIXELGATE_WORKER_INDEX";
export const WORKER_COUNT = "PIXELGATE_WORKER_COUNT";

/** Runs a worker until it is told to stop, or its supervisor is gone; resolves with the exit code. */
export function work(config: Config, initial: Configuration, runtime: Runtime, log: Log): Promise<number> {
  const slot = { index: Number(process.env[WORKER_INDEX]), count: Number(process.env[WORKER_COUNT]) };
  const tell = (message: FromWorker) => {
    if (process.connected) process.send?.(message);
  };
  const feed = createWorkerFeed();
  const gateway = openGateway(config, initial, runtime, log, feed, slot);
  const status = (): WorkerStatus => ({
    state: gateway.state(),
    totals: gateway.metrics.totals(),
    isShedding: gateway.processes().shedding > 0,
  });
  const tellSnapshot = async (question: number | null) =>
    tell({ kind: "snapshot", snapshot: await gateway.metrics.snapshot(), question });

  const told = createTold(
    status,
    (now) => tell({ kind: "status", status: now }),
    () => void tellSnapshot(null),
  );

  process.on("message", (message: ToWorker) => {
    if (message.kind === "watch") feed.watch(message.viewers);
    else void tellSnapshot(message.question);
  });
  systemClock.every(STATUS_MS, told.status);
  systemClock.every(SNAPSHOT_MS, told.snapshot);
  systemClock.every(FLUSH_MS, () => {
    const batch = feed.take();
    if (batch !== null) tell({ kind: "live", batch });
  });
  // Before the supervisor hears of us: it may pass a signal on at once.
  const ended = untilStopped(gateway.stop);
  told.status();
  tell({ kind: "listening", port: gateway.port });
  return ended;
}
