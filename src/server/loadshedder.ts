// What share of requests to turn away while all wait too long: (load, event) -> load. Pure: a probe tells how long they
// wait for their turn, and `createLoadShedder` does as the table says. Knows no request.
//
// | in | on | to |
// |---|---|---|
// | calm | long | watching, 1 long |
// | watching | long, until 4 in a row | watching, 1 long more |
// | watching | long, the 5th in a row | shedding, 1 step |
// | watching | between, short | calm |
// | shedding | long | shedding, 1 step more, at most 18 |
// | shedding, easing | between | easing, 0 long |
// | shedding, easing | short | easing, 1 step less, 0 long; calm without a step left |
// | easing | long, until 4 in a row | easing, 1 long more |
// | easing | long, the 5th in a row | shedding, 1 step more, at most 18 |
// | any | lost | off |
//
// Any other event changes nothing: calm stays calm, and off stays off. A step is a 20th of all requests.
import type { Clock } from "../runtime/clock.ts";
import { type OpenLoopback, openLoopback } from "./loopback.ts";
import { startWaitProbe } from "./waitprobe.ts";

/**
 * `calm`: nobody is turned away. `watching`: not yet. `shedding`: more and more are. `easing`: no more than before, and
 * fewer whenever the wait is short. `off`: nothing measures the wait, so nobody is turned away.
 */
export const LOAD_PHASES = ["calm", "watching", "shedding", "easing", "off"] as const;
export type LoadPhase = (typeof LOAD_PHASES)[number];

/** The load at one moment. */
export interface Load {
  readonly phase: LoadPhase;
  /** How many long waits came in a row; counted while watching and easing. */
  readonly longWaits: number;
  /** Of so many 20ths of all requests some are turned away; 0 unless shedding or easing. */
  readonly steps: number;
}

/** What can happen: a probe waited for long, for a short time, or something in between; the probe is lost. */
export type LoadEvent = "long" | "between" | "short" | "lost";

/** Waits past this turn requests away; longer than a collection of garbage or a healthy disk's fsync takes. */
export const LONG_WAIT_MS = 300;
/** Waits below this let them in again. */
export const SHORT_WAIT_MS = LONG_WAIT_MS / 2;
/** So many long waits in a row change nothing yet: one stall is over before turning anybody away would help. */
export const TOLERATED_WAITS = 4;
/** From all to none in two seconds, a step a probe. */
export const STEPS_TO_ALL = 20;
/** Some are always let in, and show when there is room again. */
export const MAX_STEPS = 18;

/** Where it begins. */
export const CALM: Load = { phase: "calm", longWaits: 0, steps: 0 };
const OFF: Load = { phase: "off", longWaits: 0, steps: 0 };

/** The load after an event. */
export function nextLoad(load: Load, event: LoadEvent): Load {
  const { phase, longWaits, steps } = load;
  if (phase === "off" || event === "lost") return OFF;
  if (event === "long") {
    if (phase !== "shedding" && longWaits < TOLERATED_WAITS) {
      return { phase: steps === 0 ? "watching" : "easing", longWaits: longWaits + 1, steps };
    }
    return { phase: "shedding", longWaits: 0, steps: Math.min(MAX_STEPS, steps + 1) };
  }
  const left = event === "short" ? Math.max(0, steps - 1) : steps;
  return left === 0 ? CALM : { phase: "easing", longWaits: 0, steps: left };
}

/** What a wait of so many milliseconds is. */
export function readWait(waitMs: number): LoadEvent {
  if (waitMs > LONG_WAIT_MS) return "long";
  return waitMs < SHORT_WAIT_MS ? "short" : "between";
}

/** Turns requests away while others would wait too long because of them. */
export interface LoadShedder {
  /** False for a request that must be turned away so that others are answered in time. */
  admits(): boolean;
  stop(): void;
}

/** What a load shedder needs, and who hears of it. */
export interface LoadShedderOptions {
  readonly clock: Clock;
  /** Told when turning away begins and when it has ended, with the wait in milliseconds that made it so. */
  readonly onChange: (isShedding: boolean, waitMs: number) => void;
  /** Over 127.0.0.1 by default. */
  readonly openLoopback?: OpenLoopback;
}

/** Starts to measure, and to turn away what has to be. */
export function createLoadShedder(options: LoadShedderOptions): LoadShedder {
  const { clock, onChange } = options;
  let load = CALM;
  let dropFraction = 0;
  /** What is left of the fractions of those who were let in; one of them is turned away when it comes to 1. */
  let carry = 0;
  /** Whether anybody has asked since the last probe. */
  let isAsked = false;

  const probe = startWaitProbe({
    clock,
    openLoopback: options.openLoopback ?? openLoopback,
    wasBusy() {
      const wasAsked = isAsked;
      isAsked = false;
      return wasAsked;
    },
    onWait: (waitMs) => change(readWait(waitMs), waitMs),
    onLost: () => change("lost", 0),
  });

  function change(event: LoadEvent, waitMs: number): void {
    const wasShedding = load.steps > 0;
    load = nextLoad(load, event);
    dropFraction = load.steps / STEPS_TO_ALL;
    const isShedding = load.steps > 0;
    if (isShedding !== wasShedding) onChange(isShedding, waitMs);
  }

  return {
    admits() {
      isAsked = true;
      if (dropFraction === 0) return true;
      carry += dropFraction;
      if (carry < 1) return true;
      carry -= 1;
      return false;
    },
    stop() {
      probe.stop();
      dropFraction = 0;
    },
  };
}
