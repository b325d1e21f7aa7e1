// Several workers on one port: starts them, starts a dead one again, passes on what they must know, ends them.
import type { Config } from "../config/environment.ts";
import type { Sources } from "../config/sources.ts";
import { reasonOf } from "../delivery/log.ts";
import type { Live, LiveViewer } from "../observe/live.ts";
import type { Log } from "../observe/log.ts";
import { renderMetrics } from "../observe/metrics.ts";
import { type Clock, systemClock } from "../runtime/clock.ts";
import type { GatewayView } from "./gateway.ts";
import { watchSources } from "./reload.ts";
import { createReports } from "./reports.ts";
import { StartError } from "./starterror.ts";
import type { FromWorker } from "./worker.ts";
import { type StartWorker, startWorker, type WorkerEnd, type WorkerProcess } from "./workerprocess.ts";

/** How long a worker may take until it listens. */
const START_MS = 15_000;
/** So that a worker which cannot live does not keep the machine busy with starting it. */
const RESTART_MS = 500;
/** How long a worker is waited for that is asked for its metrics; then what it has said last must do. */
const ANSWER_MS = 1000;
/** How soon workers learn who watches the live feed. */
const WATCH_MS = 100;
/** What a worker gets beyond the times that it may take for itself to stop. */
const GRACE_MS = 1000;

/** Where workers and time come from; a test has its own. */
export interface SupervisorParts {
  readonly start: StartWorker;
  readonly clock: Clock;
}

/** Starts the workers and resolves when all of them listen. Throws a `StartError` when one cannot. */
export async function supervise(
  config: Config,
  initial: Sources,
  count: number,
  live: Pick<Live, "viewers" | "showBatch">,
  log: Log,
  { start, clock }: SupervisorParts = { start: startWorker, clock: systemClock },
): Promise<GatewayView> {
  const reports = createReports();
  /** The present process of each slot, dead ones until they are started again. */
  const workers: WorkerProcess[] = [];
  const questions = new Map<number, () => void>();
  let lastQuestion = 0;
  let isStopping = false;
  let viewers: readonly LiveViewer[] = live.viewers;

  /** Starts the worker of a slot, and again whenever it ends. Resolves with its port when it listens for the first time. */
  function keep(index: number, wantedPort: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    let port = wantedPort;
    let hasListened = false;

    function launch(): void {
      const callOff = clock.after(START_MS, () => {
        reject(new StartError("Cannot start a worker: it does not listen"));
        worker.kill("SIGKILL");
      });
      const worker = start({ index, count }, port, (message) => {
        if (message.kind !== "listening") return hear(index, message);
        callOff();
        if (viewers.length > 0) worker.tell({ kind: "watch", viewers });
        hasListened = true;
        port = message.port;
        resolve(port);
      });
      workers[index] = worker;
      void worker.ended.then((end) => {
        callOff();
        onEnd(end);
      });
    }

    function onEnd(end: WorkerEnd): void {
      reports.retire(index);
      if (isStopping) return;
      if (!hasListened) {
        reject(startError(end));
        return;
      }
      const { code, signal, error } = end;
      const reason = error === null ? { code, signal } : { error: reasonOf(error) };
      log.error("a worker ended and is started again", { worker: index, ...reason });
      // It opens the spool of the one before it, and relays it.
      clock.after(RESTART_MS, () => {
        if (!isStopping) launch();
      });
    }

    launch();
    return promise;
  }

  function hear(index: number, message: Exclude<FromWorker, { kind: "listening" }>): void {
    if (message.kind === "status") reports.takeStatus(index, message.state, message.totals);
    else if (message.kind === "snapshot") {
      reports.takeSnapshot(index, message.snapshot);
      if (message.question !== null) questions.get(message.question)?.();
    } else live.showBatch(message.batch);
  }

  /** Has a fresh snapshot sent; of a worker that is dead or too busy the last one stands. */
  function askSnapshot(worker: WorkerProcess): Promise<void> {
    const question = ++lastQuestion;
    return new Promise<void>((resolve) => {
      const callOff = clock.after(ANSWER_MS, resolve);
      questions.set(question, () => {
        callOff();
        resolve();
      });
      if (!worker.tell({ kind: "ask snapshot", question })) questions.get(question)?.();
    }).finally(() => questions.delete(question));
  }

  function signalAll(signal: NodeJS.Signals): void {
    for (const worker of workers) worker.kill(signal);
  }

  /** Longer than a worker may take for itself; then it is ended. */
  async function endWorker(worker: WorkerProcess): Promise<void> {
    const limitMs = config.shutdownDelayMs + config.shutdownTimeoutMs + GRACE_MS;
    const callOff = clock.after(limitMs, () => worker.kill("SIGKILL"));
    worker.kill("SIGTERM");
    await worker.ended;
    callOff();
  }

  let port = config.port;
  try {
    // The first takes the port, also a free one; the others share it.
    for (let index = 0; index < count; index++) port = await keep(index, port);
  } catch (error) {
    isStopping = true;
    signalAll("SIGKILL");
    throw error;
  }

  const watched = watchSources(config, initial, log);
  process.on("SIGHUP", () => signalAll("SIGHUP"));
  const stopWatching = clock.every(WATCH_MS, () => {
    if (live.viewers === viewers) return;
    viewers = live.viewers;
    for (const worker of workers) worker.tell({ kind: "watch", viewers });
  });

  return {
    port,
    sources: watched.current,
    state: reports.state,
    metrics: {
      totals: reports.totals,
      async render() {
        await Promise.all(workers.map(askSnapshot));
        return renderMetrics(reports.snapshots());
      },
    },
    async stop() {
      isStopping = true;
      watched.stop();
      stopWatching();
      await Promise.all(workers.map(endWorker));
    },
  };
}

function startError({ code, signal, error }: WorkerEnd): StartError {
  const how = error === null ? `it ended with ${signal ?? `exit code ${code}`}` : reasonOf(error);
  return new StartError(`Cannot start a worker: ${how}`, error === null ? {} : { cause: error });
}
