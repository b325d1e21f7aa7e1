import { expect, test } from "bun:test";
import { createBeat, PULSE_MS } from "../../src/runtime/beat.ts";
import { createHandClock } from "../support/clock.ts";

/** A beat on a clock that a test turns, and when what ran. */
function start() {
  const clock = createHandClock(0);
  const ran: string[] = [];
  let pulses = 0;
  const every = createBeat({
    now: clock.now,
    every: (ms, act) =>
      clock.every(ms, () => {
        pulses++;
        act();
      }),
  });
  const note = (name: string) => () => void ran.push(`${name} ${clock.now()}`);
  return { clock, every, note, ran, pulses: () => pulses };
}

test("createBeat runs acts of several periods in one pulse", () => {
  const { clock, every, note, ran } = start();
  every(200, note("a"));
  every(500, note("b"));
  clock.advance(1000);
  expect(ran).toEqual(["a 200", "a 400", "b 500", "a 600", "a 800", "a 1000", "b 1000"]);
});

test("createBeat runs what begins between two pulses at the one next to its time, and from then on at its period", () => {
  const { clock, every, note, ran } = start();
  every(PULSE_MS, () => {});
  clock.advance(40);
  every(200, note("early"));
  clock.advance(30);
  every(200, note("late"));
  clock.advance(530);
  expect(ran).toEqual(["early 200", "late 300", "early 400", "late 500", "early 600"]);
});

test("createBeat runs an act once after a stall, however many of its times are over", () => {
  let nowMs = 0;
  let pulse = () => {};
  const ran: number[] = [];
  const every = createBeat({
    now: () => nowMs,
    every: (_ms, act) => {
      pulse = act;
      return () => {};
    },
  });
  every(500, () => ran.push(nowMs));
  for (nowMs of [2000, 2100, 2400, 2500]) pulse();
  expect(ran).toEqual([2000, 2500]);
});

test("createBeat runs nothing that has been ended, in the same pulse either, and has no pulse without acts", () => {
  const { clock, every, note, ran, pulses } = start();
  const ends: (() => void)[] = [];
  const endAll = () => {
    for (const end of ends) end();
  };
  ends.push(every(100, endAll));
  ends.push(every(100, note("ended")));
  clock.advance(1000);
  expect([ran, pulses()]).toEqual([[], 1]);
  every(100, note("anew"));
  clock.advance(100);
  expect([ran, pulses()]).toEqual([["anew 1100"], 2]);
});

test("createBeat runs what an act begins when its own time has come", () => {
  const { clock, every, note, ran } = start();
  const end = every(100, () => {
    end();
    every(100, note("begun"));
  });
  clock.advance(200);
  expect(ran).toEqual(["begun 200"]);
});
