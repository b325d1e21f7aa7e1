// Walks every cell of the table: each phase with each event.
import { describe, expect, test } from "bun:test";
import {
  HOPELESS_STARTS,
  isHopeless,
  LONGEST_WAIT_MS,
  NEW_SLOT,
  nextSlot,
  SETTLED_MS,
  SLOT_PHASES,
  type Slot,
  type SlotEvent,
  type SlotPhase,
} from "../../src/process/slot.ts";
import { holds, meaningOf, readHeadRows } from "../support/headtable.ts";

const NOW = 1_000_000;
const GONE: SlotEvent = { is: "gone", random: 0 };

/** A slot after three failures, up for less than a minute. */
const slot = (phase: SlotPhase): Slot => ({
  phase,
  failures: 3,
  failedStarts: 2,
  upSinceMs: NOW - SETTLED_MS + 1,
  waitMs: 0,
});

const BRIEFLY_MS = SETTLED_MS - 1;
/** What the words of the table stand for; a time matters to a slot that is up. */
const EVENTS: Readonly<Record<string, { readonly event: SlotEvent; readonly upForMs: number }>> = {
  listening: { event: { is: "listening" }, upForMs: 0 },
  gone: { event: GONE, upForMs: 0 },
  "gone, after less than a minute": { event: GONE, upForMs: BRIEFLY_MS },
  "gone, after a minute or more": { event: GONE, upForMs: SETTLED_MS },
  due: { event: { is: "due" }, upForMs: 0 },
  stop: { event: { is: "stop" }, upForMs: 0 },
};
const ON = ["listening", "gone", "due", "stop"];
const ON_WHILE_UP = [
  ...ON.filter((on) => on !== "gone"),
  ...Object.keys(EVENTS).filter((on) => on.includes(",")),
];
const LONGER = { phase: "waiting", failures: 4, waitMs: 4000 } as const;
const RESULTS: Readonly<Record<string, Partial<Slot>>> = {
  starting: { phase: "starting" },
  up: { phase: "up", upSinceMs: NOW },
  ending: { phase: "ending" },
  ended: { phase: "ended" },
  "waiting, longer than the last time; one more failed start": { ...LONGER, failedStarts: 3 },
  "waiting, longer than the last time": { ...LONGER, failedStarts: 0 },
  "waiting, as after the first failure": { phase: "waiting", failures: 1, failedStarts: 0, waitMs: 500 },
};

describe("nextSlot", () => {
  const rows = readHeadRows("src/process/slot.ts");
  const walked = new Set<string[]>();
  for (const phase of SLOT_PHASES) {
    for (const on of phase === "up" ? ON_WHILE_UP : ON) {
      const row = rows.find(([states = "", text]) => holds(states, phase) && text === on);
      if (row !== undefined) walked.add(row);
      const to = row?.[2] ?? "the same";
      test(`makes "${to}" of ${phase}, on ${on}`, () => {
        const { event, upForMs } = meaningOf(EVENTS, on);
        const before = { ...slot(phase), upSinceMs: NOW - upForMs };
        const after = nextSlot(before, event, NOW);
        if (row === undefined) expect(after).toBe(before);
        else expect(after).toMatchObject(meaningOf(RESULTS, to));
      });
    }
  }

  test("has no row that these do not walk", () => expect(rows.filter((row) => !walked.has(row))).toEqual([]));

  test("doubles the wait with each failure, up to half a minute", () => {
    let now = slot("starting");
    now = { ...now, failures: 0 };
    const waits: number[] = [];
    for (let times = 0; times < 9; times++) {
      now = nextSlot(now, GONE, NOW);
      waits.push(now.waitMs);
      now = nextSlot(now, { is: "due" }, NOW);
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    expect(nextSlot({ ...now, failures: 5000 }, GONE, NOW).waitMs).toBe(LONGEST_WAIT_MS);
  });

  test("takes up to a quarter off the wait, by chance", () => {
    const wait = (random: number) => nextSlot(NEW_SLOT, { is: "gone", random }, NOW).waitMs;
    expect([wait(0), wait(0.5), wait(1)]).toEqual([500, 438, 375]);
  });

  test("counts the end of a worker that has lived a minute as a first failure", () => {
    const settled = { ...slot("up"), upSinceMs: NOW - SETTLED_MS };
    expect(nextSlot(settled, GONE, NOW)).toMatchObject({ failures: 1, waitMs: 500 });
    expect(nextSlot(slot("up"), GONE, NOW)).toMatchObject({ failures: 4, waitMs: 4000 });
  });

  test("counts failed starts until one listens, and keeps the failures then", () => {
    const up = nextSlot(slot("starting"), { is: "listening" }, NOW);
    expect(up).toMatchObject({ failures: 3, failedStarts: 0, upSinceMs: NOW });
    expect(nextSlot(slot("starting"), GONE, NOW)).toMatchObject({ failures: 4, failedStarts: 3 });
    expect(nextSlot(up, GONE, NOW).failedStarts).toBe(0);
  });
});

const failed = (phase: SlotPhase, failedStarts: number): Slot => ({ ...slot(phase), failedStarts });
const HOPE: readonly [what: string, slots: readonly Slot[], isHopeless: boolean][] = [
  ["all have failed so often", [failed("waiting", HOPELESS_STARTS), failed("starting", 9)], true],
  ["one has not yet", [failed("waiting", HOPELESS_STARTS - 1), failed("waiting", 9)], false],
  ["one is up", [failed("waiting", 9), failed("up", 0)], false],
];
for (const [what, slots, expected] of HOPE) {
  test(`isHopeless is ${expected} when ${what}`, () => expect(isHopeless(slots)).toBe(expected));
}
