// The processes of all workers: starts them, starts a dead one again, ends them. Knows no gateway and no admin port; what
// workers say goes to whoever holds the crew.
import { reasonOf } from "../delivery/log.ts";
import type { Log } from "../observe/log.ts";
import type { Clock } from "../runtime/clock.ts";
import { HOPELESS_STARTS, isHopeless, NEW_SLOT, nextSlot, type Slot, type SlotEvent } from "./slot.ts";
import { StartError } from "./starterror.ts";
import type { FromWorker, ToWorker } from "./worker.ts";
import type { StartWorker, WorkerEnd, WorkerProcess } from "./workerprocess.ts";

/** How long a worker may take until it listens. */
const START_MS = 15_000;
/** How long is waited for workers that were killed. */
const KILL_MS = 1000;

/** What a worker says once it listens. */
export type WorkerReport = Exclude<FromWorker, { kind: "listening" }>;

/** Where workers and time come from, and who hears of them. */
export interface CrewOptions {
  readonly count: number;
  /** How long a worker gets to end after SIGTERM, before SIGKILL. */
  readonly endMs: number;
  readonly start: StartWorker;
  readonly clock: Clock;
  /** From 0 up to 1. */
  readonly random: () => number;
  readonly log: Pick<Log, "info" | "error">;
  readonly hear: (index: number, message: WorkerReport) => void;
  /** A worker listens, for the first time or again. */
  readonly onUp: (index: number) => void;
  /** A worker has ended, or could not be started. */
  readonly onGone: (index: number) => void;
}

/** All workers. */
export interface Crew {
  /** Starts them one by one; resolves with their port when all listen. Throws a `StartError`, and has ended them then. */
  open(port: number): Promise<number>;
  /** The indexes of those that listen. */
  up(): number[];
  /** False for one that is not up. */
  tell(index: number, message: ToWorker): boolean;
  signalAll(signal: NodeJS.Signals): void;
  /** Resolves when none works, and none is tried again. */
  readonly lost: Promise<void>;
  /** Ends each: with SIGKILL when it takes too long. */
  stop(): Promise<void>;
  /** Ends them with SIGKILL, and resolves when they are gone, or after a second. */
  endAtOnce(): Promise<void>;
}

interface Place {
  slot: Slot;
  /** The present process, the last one while none runs. */
  worker: WorkerProcess;
}

/** Creates a crew that has no worker yet. */
export function createCrew(options: CrewOptions): Crew {
  const { count, endMs, start, clock, random, log, hear, onUp, onGone } = options;
  const places = new Map<number, Place>();
  const { promise: lost, resolve: giveUp } = Promise.withResolvers<void>();
  let isOver = false;

  function change(place: Place, event: SlotEvent): Slot {
    place.slot = nextSlot(place.slot, event, clock.now());
    return place.slot;
  }

  /** Keeps a worker in a slot. Resolves with its port when it listens for the first time. */
  function keep(index: number, wantedPort: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    let port = wantedPort;
    let hasListened = false;
    const place: Place = { slot: NEW_SLOT, worker: launch() };
    places.set(index, place);
    return promise;

    function launch(): WorkerProcess {
      const callOff = clock.after(START_MS, () => {
        reject(new StartError("Cannot start a worker: it does not listen"));
        worker.kill("SIGKILL");
      });
      const worker = start({ index, count }, port, (message) => {
        if (message.kind !== "listening") return hear(index, message);
        callOff();
        if (change(place, { is: "listening" }).phase !== "up") return;
        onUp(index);
        if (hasListened) log.info("a worker runs again", { worker: index });
        hasListened = true;
        port = message.port;
        resolve(port);
      });
      void worker.ended.then((end) => {
        callOff();
        onEnd(end);
      });
      return worker;
    }

    function onEnd(end: WorkerEnd): void {
      onGone(index);
      const wasUp = place.slot.phase === "up";
      const { phase, waitMs } = change(place, { is: "gone", random: random() });
      if (phase !== "waiting") return;
      if (!hasListened) {
        reject(startError(end));
        return;
      }
      const { code, signal, error } = end;
      const reason = error === null ? { code, signal } : { error: reasonOf(error) };
      log.error("a worker ended and is started again", { worker: index, ...reason, waitMs });
      if (isWithoutHope(wasUp)) return;
      // It opens the spool of the one before it, and relays it.
      clock.after(waitMs, () => {
        if (change(place, { is: "due" }).phase === "starting") place.worker = launch();
      });
    }
  }

  /** Says so when the last one is gone, and when none will come. */
  function isWithoutHope(wasUp: boolean): boolean {
    const slots = Array.from(places.values(), ({ slot }) => slot);
    if (slots.length < count || slots.some(({ phase }) => phase === "up")) return false;
    if (wasUp) log.error("no worker is running: no request is taken until one is");
    if (!isHopeless(slots)) return false;
    if (!isOver) log.error("no worker can be started: the gateway ends", { tries: HOPELESS_STARTS });
    isOver = true;
    giveUp();
    return true;
  }

  function signalAll(signal: NodeJS.Signals): void {
    for (const { worker } of places.values()) worker.kill(signal);
  }

  async function end(place: Place): Promise<void> {
    if (change(place, { is: "stop" }).phase !== "ending") return;
    const callOff = clock.after(endMs, () => place.worker.kill("SIGKILL"));
    place.worker.kill("SIGTERM");
    await place.worker.ended;
    callOff();
  }

  async function endAtOnce(): Promise<void> {
    for (const place of places.values()) change(place, { is: "stop" });
    signalAll("SIGKILL");
    const { promise: isLate, resolve } = Promise.withResolvers<void>();
    const callOff = clock.after(KILL_MS, resolve);
    const running = Array.from(places.values(), ({ worker }) => worker.ended);
    await Promise.race([Promise.all(running), isLate]);
    callOff();
  }

  return {
    lost,
    signalAll,
    endAtOnce,

    async open(wantedPort) {
      let port = wantedPort;
      try {
        // The first takes the port, also a free one; the others share it.
        for (let index = 0; index < count; index++) port = await keep(index, port);
      } catch (error) {
        await endAtOnce();
        throw error;
      }
      return port;
    },

    up: () => [...places].filter(([, { slot }]) => slot.phase === "up").map(([index]) => index),

    tell(index, message) {
      const place = places.get(index);
      return place?.slot.phase === "up" && place.worker.tell(message);
    },

    async stop() {
      await Promise.all(Array.from(places.values(), end));
    },
  };
}

function startError({ code, signal, error }: WorkerEnd): StartError {
  const how = error === null ? `it ended with ${signal ?? `exit code ${code}`}` : reasonOf(error);
  return new StartError(`Cannot start a worker: ${how}`, error === null ? {} : { cause: error });
}
