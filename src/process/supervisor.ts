// Several workers on one port: starts them, starts a dead one again, passes signals on, adds up what they report.
import { type ChildProcess, spawn } from "node:child_process";
import type { Config } from "../config/environment.ts";
import type { Sources } from "../config/sources.ts";
import { type DeliveryState, NATS_STATES } from "../delivery/delivery.ts";
import { SPOOL_STATES } from "../delivery/spool/admission.ts";
import type { Live } from "../observe/live.ts";
import type { Log } from "../observe/log.ts";
import { renderMetrics } from "../observe/metrics.ts";
import { addCounters, type Snapshot } from "../observe/snapshot.ts";
import { addTotals, type Totals } from "../observe/totals.ts";
import type { GatewayView } from "./gateway.ts";
import { watchSources } from "./reload.ts";
import { StartError } from "./starterror.ts";
import { type FromWorker, type ToWorker, WORKER_COUNT, WORKER_INDEX } from "./worker.ts";

const RESTART_MS = 500;
const SNAPSHOT_MS = 1000;
const WATCH_MS = 100;
const START_MS = 15_000;

interface Worker {
  readonly index: number;
  process: ChildProcess | null;
  state: DeliveryState | null;
  totals: Totals | null;
  /** The last one it sent. */
  snapshot: Snapshot;
  onSnapshot: (() => void) | null;
}

/** Starts the workers and resolves when all of them listen. Throws a `StartError` when one cannot. */
export async function supervise(
  config: Config,
  initial: Sources,
  count: number,
  live: Live,
  log: Log,
): Promise<GatewayView> {
  let isStopping = false;
  let isWatched = false;
  /** What workers counted that have died: a total never goes back. */
  let retired: { totals: Totals | null; snapshot: Snapshot } = { totals: null, snapshot: [] };

  function launch(worker: Worker, port: number): Promise<number> {
    const child = spawnWorker(worker.index, count, port);
    worker.process = child;
    return new Promise((resolve, reject) => {
      const limit = setTimeout(
        () => reject(new StartError("Cannot start a worker: it does not listen")),
        START_MS,
      );
      let isOver = false;
      child.on("message", (message: FromWorker) => {
        // What it counted is retired with it, and must not count twice.
        if (isOver) return;
        if (message.kind === "listening") {
          clearTimeout(limit);
          if (isWatched) tell(worker, { kind: "watch", isWatched });
          resolve(message.port);
        } else if (message.kind === "status") {
          worker.state = message.state;
          worker.totals = message.totals;
        } else if (message.kind === "snapshot") {
          worker.snapshot = message.snapshot;
          worker.onSnapshot?.();
        } else for (const record of message.records) live.show(record);
      });
      child.on("exit", (code, signal) => {
        isOver = true;
        clearTimeout(limit);
        reject(new StartError(`Cannot start a worker: it ended with ${signal ?? `exit code ${code}`}`));
      });
    });
  }

  /** Starts a worker again whenever it ends; it opens the spool of the one before it, and relays it. */
  function keep(worker: Worker, port: number): void {
    worker.process?.once("exit", (code, signal) => {
      if (isStopping) return;
      retired = {
        totals: addTotals([retired.totals, worker.totals].filter((totals) => totals !== null)),
        snapshot: addCounters(retired.snapshot, worker.snapshot),
      };
      worker.totals = null;
      worker.snapshot = [];
      worker.state = null;
      log.error("a worker ended and is started again", { worker: worker.index, code, signal });
      setTimeout(() => {
        if (isStopping) return;
        launch(worker, port).catch(() => {});
        keep(worker, port);
      }, RESTART_MS);
    });
  }

  const workers: Worker[] = [];
  let port = config.port;
  try {
    for (let index = 0; index < count; index++) {
      const worker: Worker = {
        index,
        process: null,
        state: null,
        totals: null,
        snapshot: [],
        onSnapshot: null,
      };
      workers.push(worker);
      // The first takes the port, also a free one; the others share it.
      port = await launch(worker, port);
    }
  } catch (error) {
    for (const worker of workers) worker.process?.kill("SIGKILL");
    throw error;
  }
  for (const worker of workers) keep(worker, port);

  const watched = watchSources(config, initial, log);
  const onHangup = () => {
    for (const worker of workers) worker.process?.kill("SIGHUP");
  };
  process.on("SIGHUP", onHangup);
  const watching = setInterval(() => {
    if (live.isWatched === isWatched) return;
    isWatched = live.isWatched;
    for (const worker of workers) tell(worker, { kind: "watch", isWatched });
  }, WATCH_MS);

  return {
    port,
    sources: watched.current,
    state: () => addStates(workers.map((worker) => worker.state)),
    metrics: {
      totals: () => addTotals([retired, ...workers].flatMap(({ totals }) => totals ?? [])),
      async render() {
        await Promise.all(workers.map(askSnapshot));
        return renderMetrics([retired, ...workers].map(({ snapshot }) => snapshot));
      },
    },
    async stop() {
      isStopping = true;
      watched.stop();
      clearInterval(watching);
      await Promise.all(workers.map(endWorker));
    },
  };

  /** Longer than a worker may take for itself; then it is ended. */
  function endWorker({ process: child }: Worker): Promise<void> {
    return new Promise((resolve) => {
      if (child === null || child.exitCode !== null || child.signalCode !== null) return resolve();
      const limitMs = config.shutdownDelayMs + config.shutdownTimeoutMs + 1000;
      const limit = setTimeout(() => child.kill("SIGKILL"), limitMs);
      child.once("exit", () => {
        clearTimeout(limit);
        resolve();
      });
      child.kill("SIGTERM");
    });
  }
}

function spawnWorker(index: number, count: number, port: number): ChildProcess {
  const [, script = ""] = process.argv;
  // A compiled binary is its own program; from source the runtime needs the script, and Deno its flags.
  const isCompiled = script.startsWith("/$bunfs/");
  const args = isCompiled ? ["serve"] : [...process.execArgv, script, "serve"];
  return spawn(process.execPath, args, {
    env: {
      // As in the image: the allocator keeps freed pages for a while, 3 % of the CPU.
      MIMALLOC_PURGE_DELAY: "10000",
      ...process.env,
      PORT: String(port),
      [WORKER_INDEX]: String(index),
      [WORKER_COUNT]: String(count),
    },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    // A group of its own: Ctrl-C reaches the supervisor alone, which tells the workers once.
    detached: true,
  });
}

function tell({ process: child }: Worker, message: ToWorker): void {
  if (child?.connected) child.send(message);
}

/** Has a fresh snapshot sent; of a worker that is dead or too busy the last one stands. */
function askSnapshot(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(resolve, SNAPSHOT_MS);
    worker.onSnapshot = () => {
      clearTimeout(limit);
      resolve();
    };
    tell(worker, { kind: "ask snapshot" });
  });
}

function addStates(known: readonly (DeliveryState | null)[]): DeliveryState {
  const states = known.filter((state) => state !== null);
  const sum = (read: (state: DeliveryState) => number) =>
    states.reduce((total, state) => total + read(state), 0);
  const ages = states.flatMap((state) => state.oldestSpooledMs ?? []);
  return {
    // The worst of them: one that cannot take events makes some requests fail.
    nats: NATS_STATES.findLast((nats) => states.some((state) => state.nats === nats)) ?? "down",
    inFlight: sum((state) => state.inFlight),
    inFlightBytes: sum((state) => state.inFlightBytes),
    spooled: sum((state) => state.spooled),
    spooledBytes: sum((state) => state.spooledBytes),
    oldestSpooledMs: ages.length === 0 ? null : Math.max(...ages),
    spool: SPOOL_STATES.findLast((spool) => states.some((state) => state.spool === spool)) ?? "open",
  };
}
