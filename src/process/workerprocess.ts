// A worker as its supervisor holds it: a process, messages both ways, and an end that is told once.
import { type ChildProcess, spawn } from "node:child_process";
import type { WorkerSlot } from "../delivery/delivery.ts";
import { StartError } from "./starterror.ts";
import { type FromWorker, type ToWorker, WORKER_COUNT, WORKER_INDEX } from "./worker.ts";

/** How a worker ended: by itself, by a signal, or before it began. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why there was no process at all, null when there was one. */
  readonly error: Error | null;
}

/** One worker, from its start to its end. */
export interface WorkerProcess {
  /** Sends a message; false when nobody is there to read it. */
  tell(message: ToWorker): boolean;
  /** Sends a signal; does nothing once the process has ended. */
  kill(signal: NodeJS.Signals): void;
  /** Resolves when it has ended or could not be started. From then on nothing is heard of it. */
  readonly ended: Promise<WorkerEnd>;
}

/** Starts the worker of a slot on a port, of which 0 stands for a free one; `hear` gets its messages. Never throws. */
export type StartWorker = (
  slot: WorkerSlot,
  port: number,
  hear: (message: FromWorker) => void,
) => WorkerProcess;

/** Starts this program once more, as a worker. */
export const startWorker: StartWorker = ({ index, count }, port, hear) => {
  const [, script = ""] = process.argv;
  // A compiled binary is its own program; from source the runtime needs the script, and Deno its flags.
  const isCompiled = script.startsWith("/$bunfs/");
  const args = isCompiled ? ["serve"] : [...process.execArgv, script, "serve"];
  const begin = () =>
    spawn(process.execPath, args, {
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
  return holdSpawned(begin, hear);
};

/** Holds the child of a spawn. Some spawns throw instead of telling an error: of a program that is none any more. */
export function holdSpawned(spawn: () => ChildProcess, hear: (message: FromWorker) => void): WorkerProcess {
  try {
    return holdChild(spawn(), hear);
  } catch (error) {
    const reason = error instanceof Error ? error : new StartError(String(error));
    const ended = Promise.resolve({ code: null, signal: null, error: reason });
    return { ended, tell: () => false, kill: () => {} };
  }
}

/** Holds a child that has a message channel. */
export function holdChild(child: ChildProcess, hear: (message: FromWorker) => void): WorkerProcess {
  const { promise: ended, resolve } = Promise.withResolvers<WorkerEnd>();
  let hasEnded = false;
  const end = (how: WorkerEnd) => {
    hasEnded = true;
    resolve(how);
  };
  child.on("message", (message: FromWorker) => {
    // One that was on its way when the process died: what it counts has been retired with the worker.
    if (!hasEnded) hear(message);
  });
  child.on("exit", (code, signal) => end({ code, signal, error: null }));
  child.on("error", (error) => {
    // Without a process there is no exit. Every other error is of a signal or a message that found nobody.
    if (child.pid === undefined) end({ code: null, signal: null, error });
  });
  return {
    ended,
    tell: (message) => child.connected && child.send(message),
    kill(signal) {
      if (!hasEnded) child.kill(signal);
    },
  };
}
