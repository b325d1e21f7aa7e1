// Walks every cell of the table: each phase, at each count of long waits and of steps, with each event.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  CALM,
  createLoadShedder,
  LOAD_PHASES,
  LONG_WAIT_MS,
  type Load,
  type LoadEvent,
  type LoadPhase,
  MAX_STEPS,
  nextLoad,
  readWait,
  SHORT_WAIT_MS,
  STEPS_TO_ALL,
} from "../../src/server/loadshedder.ts";
import { PROBE_MS } from "../../src/server/waitprobe.ts";
import { createHandClock } from "../support/clock.ts";

const EVENTS = ["long", "between", "short", "lost"] as const satisfies LoadEvent[];
const load = (phase: LoadPhase, longWaits = 0, steps = 0): Load => ({ phase, longWaits, steps });
const OFF = load("off");

/** A load, and what becomes of it on each event in the order of `EVENTS`. */
const TABLE: readonly [Load, ...Load[]][] = [
  [CALM, load("watching", 1), CALM, CALM, OFF],
  [load("watching", 1), load("watching", 2), CALM, CALM, OFF],
  [load("watching", 2), load("watching", 3), CALM, CALM, OFF],
  [load("watching", 3), load("watching", 4), CALM, CALM, OFF],
  [load("watching", 4), load("shedding", 0, 1), CALM, CALM, OFF],
  [load("shedding", 0, 1), load("shedding", 0, 2), load("easing", 0, 1), CALM, OFF],
  [load("shedding", 0, 2), load("shedding", 0, 3), load("easing", 0, 2), load("easing", 0, 1), OFF],
  [load("shedding", 0, 17), load("shedding", 0, 18), load("easing", 0, 17), load("easing", 0, 16), OFF],
  [load("shedding", 0, 18), load("shedding", 0, 18), load("easing", 0, 18), load("easing", 0, 17), OFF],
  [load("easing", 0, 1), load("easing", 1, 1), load("easing", 0, 1), CALM, OFF],
  [load("easing", 3, 1), load("easing", 4, 1), load("easing", 0, 1), CALM, OFF],
  [load("easing", 0, 2), load("easing", 1, 2), load("easing", 0, 2), load("easing", 0, 1), OFF],
  [load("easing", 3, 18), load("easing", 4, 18), load("easing", 0, 18), load("easing", 0, 17), OFF],
  [load("easing", 4, 1), load("shedding", 0, 2), load("easing", 0, 1), CALM, OFF],
  [load("easing", 4, 18), load("shedding", 0, 18), load("easing", 0, 18), load("easing", 0, 17), OFF],
  [OFF, OFF, OFF, OFF, OFF],
];

const write = ({ phase, longWaits, steps }: Load) => `${phase} (${longWaits} long, ${steps} steps)`;

describe("nextLoad", () => {
  for (const [from, ...row] of TABLE) {
    for (const [index, event] of EVENTS.entries()) {
      const to = row[index] ?? CALM;
      test(`nextLoad makes ${write(to)} of ${write(from)} on ${event}`, () => {
        expect(nextLoad(from, event)).toEqual(to);
      });
    }
  }

  test("nextLoad has a row for each phase, and no phase beside them", () => {
    expect(new Set(TABLE.map(([{ phase }]) => phase))).toEqual(new Set(LOAD_PHASES));
    expect(TABLE.flat().map(({ phase }) => phase)).toSatisfy((phases) =>
      phases.every((phase) => LOAD_PHASES.includes(phase)),
    );
  });

  test("nextLoad turns away as the rules say, whatever happens", () => {
    const event = fc.oneof(
      { weight: 8, arbitrary: fc.constant("long" as const) },
      { weight: 3, arbitrary: fc.constantFrom("between" as const, "short" as const) },
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 200 }), (events) => {
        let current = CALM;
        let inARow = 0;
        let steps = 0;
        for (const event of events) {
          current = nextLoad(current, event);
          inARow = event === "long" ? inARow + 1 : 0;
          if (inARow > 4) steps = Math.min(18, steps + 1);
          if (event === "short") steps = Math.max(0, steps - 1);
          expect(current.steps).toBe(steps);
        }
      }),
    );
  });
});

test("readWait takes both limits themselves for something in between", () => {
  const waits = [
    0,
    SHORT_WAIT_MS - 1,
    SHORT_WAIT_MS,
    LONG_WAIT_MS,
    LONG_WAIT_MS + 1,
    Number.POSITIVE_INFINITY,
  ];
  expect(waits.map(readWait)).toEqual(["short", "short", "between", "between", "long", "long"]);
});

describe("createLoadShedder", () => {
  /** A shedder on a clock turned by hand, whose bytes wait as long as a test says. */
  function start() {
    const clock = createHandClock();
    const changes: [isShedding: boolean, waitMs: number][] = [];
    let arrive = () => {};
    let lose = () => {};
    const shedder = createLoadShedder({
      clock,
      onChange: (isShedding, waitMs) => changes.push([isShedding, waitMs]),
      openLoopback: (onByte, onLost) => {
        arrive = onByte;
        lose = onLost;
        return { send: () => true, close() {} };
      },
    });
    shedder.admits();
    return {
      shedder,
      changes,
      lose: () => lose(),
      /** Lets so many bytes arrive after so long, each sent by one probe and told by the next that comes after. */
      wait(waitMs: number, bytes: number): void {
        for (let byte = 0; byte < bytes; byte++) {
          shedder.admits();
          clock.advance(waitMs);
          arrive();
          clock.advance(PROBE_MS - (waitMs % PROBE_MS));
        }
      },
      /** The byte of the first request is sent and arrives at once. */
      settle(): void {
        clock.advance(PROBE_MS);
        arrive();
      },
      /** Lets the bytes wait until so many probes have found that they do. */
      stall: (probes: number) => clock.advance(probes * PROBE_MS),
      /** Of so many requests, which are turned away. */
      turnedAway(requests: number): number[] {
        return Array.from({ length: requests }, (_, index) => index).filter(() => !shedder.admits());
      },
    };
  }

  // A byte that waits is seen by the probe after the one that sent it: 1 sends, 2, 3 and 4 are not past the limit.
  const FIRST_STEP = 4 + 5;

  test("createLoadShedder admits everybody while nobody waits", () => {
    const { wait, turnedAway, changes } = start();
    wait(5, 100);
    expect(turnedAway(1000)).toEqual([]);
    expect(changes).toEqual([]);
  });

  test("createLoadShedder admits everybody during a stall, until the fifth probe that is long", () => {
    const { stall, turnedAway, changes } = start();
    stall(FIRST_STEP - 1);
    expect(turnedAway(1000)).toEqual([]);
    stall(1);
    expect(changes).toEqual([[true, 800]]);
    expect(turnedAway(60)).toEqual([19, 39, 59]);
  });

  test("createLoadShedder measures nothing while nobody asks, and does again with the next request", () => {
    const { shedder, stall, settle, changes } = start();
    settle();
    stall(100);
    expect(changes).toEqual([]);
    shedder.admits();
    stall(FIRST_STEP);
    expect(changes).toEqual([[true, 800]]);
  });

  test("createLoadShedder turns away a share that grows to nine of ten", () => {
    const { stall, turnedAway } = start();
    for (const [probes, share] of [
      [FIRST_STEP, 1],
      [1, 2],
      [8, 10],
      [7, 17],
      [1, 18],
      [50, 18],
    ] as const) {
      stall(probes);
      expect(turnedAway(STEPS_TO_ALL * 100).length / 100).toBeCloseTo(share, 1);
    }
    expect(turnedAway(20).length).toBe(MAX_STEPS);
  });

  test("createLoadShedder lets them in again step by step, and tells when it turns nobody away", () => {
    const { stall, wait, turnedAway, changes } = start();
    stall(FIRST_STEP + 2);
    // The byte that has waited all the time arrives at last, and counts once more.
    wait(10, 1);
    expect(turnedAway(2000).length).toBe(400);
    wait(10, 3);
    expect(turnedAway(2000).length).toBe(100);
    expect(changes).toEqual([[true, 800]]);
    wait(10, 2);
    expect(changes).toEqual([
      [true, 800],
      [false, 10],
    ]);
    expect(turnedAway(1000)).toEqual([]);
  });

  test("createLoadShedder admits everybody once it cannot measure any more", () => {
    const { stall, lose, turnedAway, changes } = start();
    stall(FIRST_STEP + 10);
    lose();
    expect(turnedAway(1000)).toEqual([]);
    expect(changes.map(([isShedding]) => isShedding)).toEqual([true, false]);
    stall(50);
    expect(turnedAway(1000)).toEqual([]);
  });

  test("createLoadShedder admits everybody once it is stopped, and tells nobody", () => {
    const { shedder, stall, turnedAway, changes } = start();
    stall(FIRST_STEP + 10);
    shedder.stop();
    stall(50);
    expect(turnedAway(1000)).toEqual([]);
    expect(changes.map(([isShedding]) => isShedding)).toEqual([true]);
  });
});
