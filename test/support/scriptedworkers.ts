// Workers that do what a test says, under a clock that it turns: a supervisor's decisions without a process.
import { DEMO } from "../../src/config/configuration.ts";
import { readConfig } from "../../src/config/environment.ts";
import type { LiveBatch, LiveViewer } from "../../src/observe/live.ts";
import { supervise } from "../../src/process/supervisor.ts";
import type { FromWorker, ToWorker } from "../../src/process/worker.ts";
import type { WorkerEnd } from "../../src/process/workerprocess.ts";
import { createHandClock } from "./clock.ts";
import { resolved } from "./configuration.ts";
import { afterTest, recordLog } from "./parts.ts";

/** A worker, and what its supervisor did to it. */
export interface ScriptedWorker {
  readonly index: number;
  /** The port that it was to take. */
  readonly port: number;
  readonly told: ToWorker[];
  readonly signals: string[];
  /** Has its supervisor hear a message of it. */
  hear(message: FromWorker): void;
  /** Ends it; resolves when its supervisor has heard of that. */
  end(how?: Partial<WorkerEnd>): Promise<void>;
}

/** Lets everything run that only waits for a promise. */
export const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Begins to supervise scripted workers; `env` is the gateway's environment. */
export function superviseScripted(count: number, env: Record<string, string> = {}) {
  const config = readConfig(env);
  if (Array.isArray(config)) throw new Error(config.join("\n"));
  const others = process.listeners("SIGHUP");
  afterTest(() => {
    for (const listener of process.listeners("SIGHUP")) {
      if (!others.includes(listener)) process.removeListener("SIGHUP", listener);
    }
  });
  const clock = createHandClock();
  const log = recordLog();
  const shown: LiveBatch[] = [];
  const live = {
    viewers: [] as readonly LiveViewer[],
    showBatch: (batch: LiveBatch) => void shown.push(batch),
  };
  /** Every worker that was started, oldest first. */
  const started: ScriptedWorker[] = [];
  const supervisor = supervise(
    config,
    resolved(DEMO),
    count,
    live,
    { debug() {}, ...log },
    {
      clock,
      // The longest back-off there is after so many failures.
      random: () => 0,
      start({ index }, port, hear) {
        const { promise: ended, resolve } = Promise.withResolvers<WorkerEnd>();
        const told: ToWorker[] = [];
        const signals: string[] = [];
        let hasEnded = false;
        started.push({
          index,
          port,
          told,
          signals,
          hear,
          end(how = {}) {
            hasEnded = true;
            resolve({ code: null, signal: null, error: null, ...how });
            return settle();
          },
        });
        return {
          ended,
          tell: (message) => !hasEnded && told.push(message) > 0,
          kill: (signal) => signals.push(signal),
        };
      },
    },
  );
  const view = supervisor.opened;
  const worker = (at: number): ScriptedWorker => {
    const found = started.at(at);
    if (found === undefined)
      throw new Error(`Cannot script worker ${at}: ${started.length} have been started`);
    return found;
  };
  /** Has each worker listen as soon as it is started; resolves when all do. */
  const listen = async () => {
    for (let index = 0; index < count; index++) {
      worker(index).hear({ kind: "listening", port: 4000 });
      await settle();
    }
    return view;
  };
  return { clock, log, live, shown, started, worker, supervisor, view, listen };
}
