// What to do when the process runs out of file descriptors: an accept that fails is tried again at once, for ever, and then
// neither the admin port nor NATS gets a socket. So some are held in reserve, and given free when no other is left.
// The first half is pure: (phase, event) -> phase. An event that a row does not name changes nothing.
//
// | in | on | to |
// |---|---|---|
// | ample | none left, none left for now | relieving: idle connections are closed |
// | relieving | some left, plenty left | ample |
// | relieving | none left for now | relieving: connections that are idle by now are closed |
// | relieving | none left | shedding: the port is closed, the reserve is free for others |
// | shedding | plenty left | ample: the reserve is held again, the port is open |
import { closeSync, openSync } from "node:fs";
import type { Log } from "../observe/log.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Relief } from "../runtime/runtime.ts";

export const DESCRIPTOR_PHASES = ["ample", "relieving", "shedding"] as const;
export type DescriptorPhase = (typeof DESCRIPTOR_PHASES)[number];

/**
 * How many are left beside the reserve. `for now`: until lately connections became idle and were closed, so that others
 * are served in their place. `plenty`: enough for the reserve, and as many again.
 */
export const DESCRIPTOR_EVENTS = ["none left", "none left for now", "some left", "plenty left"] as const;
export type DescriptorEvent = (typeof DESCRIPTOR_EVENTS)[number];

/** The phase after a look. */
export function nextDescriptorPhase(phase: DescriptorPhase, event: DescriptorEvent): DescriptorPhase {
  switch (phase) {
    case "ample":
      return event === "some left" || event === "plenty left" ? "ample" : "relieving";
    case "relieving":
      if (event === "none left") return "shedding";
      return event === "none left for now" ? "relieving" : "ample";
    case "shedding":
      return event === "plenty left" ? "ample" : "shedding";
  }
}

/** For the admin port, a NATS server, a file that is read again. */
export const RESERVE = 16;
/** How often is looked while a shortage lasts, and for a while after it. */
const LOOK_MS = 25;
/** How often otherwise. 40 times a second it was 40 % of the CPU of an idle worker. */
const CALM_LOOK_MS = 200;
/** Without a shortage for so long, the next one may be noticed later. */
const ALERT_MS = 10_000;
/** Without a connection that becomes idle for so long, none is expected to. So long the process is busy with accepts. */
const PATIENCE_MS = 250;
/** A lasting shortage is logged so often. */
const LOG_MS = 10_000;

/** Holds descriptors so that nobody else takes them. */
export interface Holder {
  /** Holds one more; false when there is none. */
  take(): boolean;
  /** Holds no more than so many. */
  keep(count: number): void;
}

/** Holds descriptors of the null device. */
export function createHolder(): Holder {
  const held: number[] = [];
  return {
    take() {
      try {
        held.push(openSync("/dev/null", "r"));
        return true;
      } catch {
        return false;
      }
    },
    keep(count) {
      for (const descriptor of held.splice(count)) closeSync(descriptor);
    },
  };
}

/** Watches over the descriptors of a process that listens. */
export interface DescriptorGuard {
  /** True while the port is closed for want of descriptors. */
  readonly isShedding: boolean;
  stop(): void;
}

/** Begins to watch. */
export function guardDescriptors(
  relief: Relief,
  log: Pick<Log, "info" | "warn" | "error">,
  clock: Clock,
  holder: Holder = createHolder(),
): DescriptorGuard {
  let phase: DescriptorPhase = "ample";
  /** When a connection was idle last, or the shortage began. */
  let idleMs = 0;
  let loggedMs = Number.NEGATIVE_INFINITY;
  /** Whether the last shortage was told, and its end should be. */
  let isTold = false;
  let shortMs = Number.NEGATIVE_INFINITY;
  let isAlert = false;

  /** Looks with what it may hold, and leaves the reserve as the phase has it. */
  function look(): DescriptorEvent {
    if (phase !== "shedding") {
      const isLeft = holder.take();
      holder.keep(RESERVE);
      if (isLeft) return "some left";
      return clock.now() - idleMs < PATIENCE_MS ? "none left for now" : "none left";
    }
    let count = 0;
    while (count < 2 * RESERVE && holder.take()) count++;
    holder.keep(count < 2 * RESERVE ? 0 : RESERVE);
    return count < 2 * RESERVE ? "none left" : "plenty left";
  }

  function tick(): void {
    change();
    if (phase !== "ample") shortMs = clock.now();
    const wasAlert = isAlert;
    isAlert = clock.now() - shortMs < ALERT_MS;
    if (isAlert === wasAlert) return;
    stopLooking();
    stopLooking = clock.every(isAlert ? LOOK_MS : CALM_LOOK_MS, tick);
  }

  function change(): void {
    const before = phase;
    phase = nextDescriptorPhase(phase, look());
    if (phase === "relieving") {
      const closed = relief.closeIdle();
      if (closed > 0 || before === "ample") idleMs = clock.now();
    }
    if (phase === before) return;
    if (phase === "shedding") {
      // The port first: what is set free must not go to the next connection.
      relief.pause();
      holder.keep(0);
      if (clock.now() - loggedMs < LOG_MS) return;
      loggedMs = clock.now();
      isTold = true;
      log.error("out of file descriptors: the public port is closed until there are some");
    } else if (before === "shedding") {
      reopen();
    }
  }

  function reopen(): void {
    try {
      relief.resume();
    } catch {
      // Somebody has taken the port. It is tried again.
      phase = "shedding";
      holder.keep(0);
      return;
    }
    if (isTold) log.info("there are file descriptors again: the public port is open");
    isTold = false;
  }

  let reserved = 0;
  while (reserved < RESERVE && holder.take()) reserved++;
  if (reserved < RESERVE) log.warn("few file descriptors: raise the limit (ulimit -n)", { reserved });
  let stopLooking = clock.every(CALM_LOOK_MS, tick);
  return {
    get isShedding() {
      return phase === "shedding";
    },
    stop() {
      stopLooking();
      holder.keep(0);
    },
  };
}
