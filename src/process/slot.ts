// What becomes of one worker's place: (slot, event, nowMs) -> slot. Pure: the crew tells it what has happened, and acts on
// what has become of it. An event that a row does not name changes nothing.
//
// | in | on | to |
// |---|---|---|
// | starting | listening | up |
// | starting | gone | waiting, longer than the last time; one more failed start |
// | up | gone, after less than a minute | waiting, longer than the last time |
// | up | gone, after a minute or more | waiting, as after the first failure |
// | waiting | due | starting |
// | starting, up | stop | ending |
// | waiting | stop | ended |
// | ending | gone | ended |

/** `starting`: a process that does not listen yet. `up`: it takes pixels. `waiting`: none, until the back-off is over. */
export const SLOT_PHASES = ["starting", "up", "waiting", "ending", "ended"] as const;
export type SlotPhase = (typeof SLOT_PHASES)[number];

/** A slot at one moment. */
export interface Slot {
  readonly phase: SlotPhase;
  /** Ends in a row of processes none of which lived for `SETTLED_MS`. */
  readonly failures: number;
  /** Ends in a row of processes none of which ever listened. */
  readonly failedStarts: number;
  /** Since when it is up, by the clock that gives `nowMs`; means nothing in another phase. */
  readonly upSinceMs: number;
  /** How long the next start waits; means nothing but in `waiting`. */
  readonly waitMs: number;
}

/** What can happen. */
export type SlotEvent =
  | { readonly is: "listening" }
  /** The process has ended, or there was none. `random` is from 0 up to 1, so that workers do not start in step. */
  | { readonly is: "gone"; readonly random: number }
  /** The back-off is over. */
  | { readonly is: "due" }
  | { readonly is: "stop" };

/** The back-off after the first failure; each further one doubles it. */
const FIRST_WAIT_MS = 500;
/** No back-off is longer. */
export const LONGEST_WAIT_MS = 30_000;
/** The part of a back-off that chance decides: a quarter less at most. */
const JITTER = 0.25;
/** A worker that has lived for so long is no crash loop: its end is a first failure. */
export const SETTLED_MS = 60_000;
/** So many failed starts in a row of every worker, with none up, mean that nothing works: about a quarter of a minute. */
export const HOPELESS_STARTS = 5;

/** A slot whose first process is being started. */
export const NEW_SLOT: Slot = { phase: "starting", failures: 0, failedStarts: 0, upSinceMs: 0, waitMs: 0 };

/** The slot after an event: the very same object where nothing has changed. */
export function nextSlot(slot: Slot, event: SlotEvent, nowMs: number): Slot {
  const { phase } = slot;
  switch (event.is) {
    case "listening":
      return phase === "starting" ? { ...slot, phase: "up", failedStarts: 0, upSinceMs: nowMs } : slot;
    case "gone": {
      if (phase === "ending") return { ...slot, phase: "ended" };
      if (phase !== "starting" && phase !== "up") return slot;
      const hasSettled = phase === "up" && nowMs - slot.upSinceMs >= SETTLED_MS;
      const failures = hasSettled ? 1 : slot.failures + 1;
      const failedStarts = phase === "starting" ? slot.failedStarts + 1 : 0;
      return { ...slot, phase: "waiting", failures, failedStarts, waitMs: backOffMs(failures, event.random) };
    }
    case "due":
      return phase === "waiting" ? { ...slot, phase: "starting" } : slot;
    case "stop":
      if (phase === "starting" || phase === "up") return { ...slot, phase: "ending" };
      return phase === "waiting" ? { ...slot, phase: "ended" } : slot;
  }
}

function backOffMs(failures: number, random: number): number {
  const wholeMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (failures - 1));
  return Math.round(wholeMs * (1 - JITTER * random));
}

/** Whether nothing works: no slot is up, and none of them could be brought up for as often as is tried. */
export function isHopeless(slots: readonly Slot[]): boolean {
  return slots.every(({ phase, failedStarts }) => phase !== "up" && failedStarts >= HOPELESS_STARTS);
}
