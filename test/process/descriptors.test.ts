// Walks every cell of the table, and the guard that acts on it: with a holder that a test empties.
import { describe, expect, test } from "bun:test";
import {
  createHolder,
  DESCRIPTOR_EVENTS,
  DESCRIPTOR_PHASES,
  type DescriptorPhase,
  guardDescriptors,
  nextDescriptorPhase,
  RESERVE,
} from "../../src/process/descriptors.ts";
import { createHandClock } from "../support/clock.ts";
import { holds, readHeadRows } from "../support/headtable.ts";
import { recordLog } from "../support/parts.ts";

const ROWS = readHeadRows("src/process/descriptors.ts");
for (const from of DESCRIPTOR_PHASES) {
  for (const event of DESCRIPTOR_EVENTS) {
    const row = ROWS.find(([phases = "", events = ""]) => holds(phases, from) && holds(events, event));
    // What is done there stands behind a colon.
    const to = row?.[2]?.split(":")[0] ?? from;
    test(`nextDescriptorPhase makes ${to} of ${from}, on ${event}`, () =>
      expect(nextDescriptorPhase(from, event)).toBe(to as DescriptorPhase));
  }
}

/** A guard in a process that has so many descriptors, its own aside. */
function guarded(descriptors: number) {
  const world = { descriptors, held: 0, idle: 0, done: [] as string[], isPortTaken: false };
  const clock = createHandClock();
  const log = recordLog();
  const guard = guardDescriptors(
    {
      closeIdle() {
        world.done.push("close idle");
        return world.idle;
      },
      pause() {
        world.done.push("pause");
      },
      resume() {
        if (world.isPortTaken) throw new Error("EADDRINUSE");
        world.done.push("resume");
      },
    },
    log,
    clock,
    {
      take: () => world.held < world.descriptors && ++world.held > 0,
      keep(count) {
        world.held = Math.min(world.held, count);
      },
    },
  );
  return { world, clock, log, guard };
}

describe("guardDescriptors", () => {
  test("holds a reserve, and does nothing while there are others", () => {
    const { world, clock, log, guard } = guarded(100);
    clock.advance(60_000);
    expect([world.held, world.done, log.lines, guard.isShedding]).toEqual([RESERVE, [], [], false]);
  });

  test("closes idle connections first, and leaves the port open when that is enough", () => {
    const { world, clock, guard } = guarded(100);
    world.descriptors = RESERVE;
    clock.advance(200);
    world.descriptors = RESERVE + 1;
    clock.advance(1000);
    expect([world.done, world.held, guard.isShedding]).toEqual([["close idle"], RESERVE, false]);
  });

  test("closes the port and sets the reserve free, until there is as much again beside it", () => {
    const { world, clock, log, guard } = guarded(100);
    world.descriptors = RESERVE;
    clock.advance(449);
    expect([world.done.at(-1), guard.isShedding]).toEqual(["close idle", false]);
    clock.advance(1);
    expect([world.done.at(-1), world.held, guard.isShedding]).toEqual(["pause", 0, true]);
    world.descriptors = 2 * RESERVE - 1;
    clock.advance(1000);
    expect([world.held, guard.isShedding]).toEqual([0, true]);
    world.descriptors = 2 * RESERVE;
    clock.advance(100);
    expect([world.done.at(-1), world.held, guard.isShedding]).toEqual(["resume", RESERVE, false]);
    expect(log.lines).toEqual([
      "out of file descriptors: the public port is closed until there are some",
      "there are file descriptors again: the public port is open",
    ]);
  });

  test("leaves the port open for as long as idle connections make room for new ones", () => {
    const { world, clock, guard } = guarded(100);
    Object.assign(world, { descriptors: RESERVE, idle: 3 });
    clock.advance(10_000);
    expect([world.done.at(-1), guard.isShedding]).toEqual(["close idle", false]);
    world.idle = 0;
    clock.advance(250);
    expect([world.done.at(-1), guard.isShedding]).toEqual(["pause", true]);
  });

  test("looks again at once while a shortage may come back, and seldom when none has for ten seconds", () => {
    const { world, clock } = guarded(100);
    /** How long until idle connections are closed for want of others. */
    const noticedAfter = () => {
      const before = world.done.length;
      world.descriptors = RESERVE;
      let ms = 0;
      for (; world.done.length === before; ms += 25) clock.advance(25);
      world.descriptors = 100;
      clock.advance(25);
      return ms;
    };
    expect([noticedAfter(), noticedAfter()]).toEqual([200, 25]);
    clock.advance(9000);
    expect(noticedAfter()).toBe(25);
    clock.advance(11_000);
    expect(noticedAfter()).toBeGreaterThan(100);
  });

  test("tries to open the port again while another process has it", () => {
    const { world, clock, guard } = guarded(RESERVE);
    clock.advance(500);
    world.descriptors = 100;
    world.isPortTaken = true;
    clock.advance(1000);
    expect([world.held, guard.isShedding]).toEqual([0, true]);
    world.isPortTaken = false;
    clock.advance(100);
    expect([world.held, guard.isShedding]).toEqual([RESERVE, false]);
  });

  test("logs a shortage that comes and goes once in ten seconds", () => {
    const { world, clock, log } = guarded(100);
    for (let times = 0; times < 20; times++) {
      world.descriptors = RESERVE;
      clock.advance(500);
      world.descriptors = 100;
      clock.advance(500);
    }
    expect(log.lines).toHaveLength(4);
  });

  test("warns at the start when there is not even the reserve, and ends with nothing held", () => {
    const { world, clock, log, guard } = guarded(3);
    expect(log.lines).toEqual(['few file descriptors: raise the limit (ulimit -n) {"reserved":3}']);
    guard.stop();
    clock.advance(1000);
    expect([world.held, world.done]).toEqual([0, []]);
  });
});

test("createHolder holds descriptors and lets them go", () => {
  const holder = createHolder();
  expect([holder.take(), holder.take()]).toEqual([true, true]);
  holder.keep(1);
  holder.keep(0);
  expect(holder.take()).toBe(true);
  holder.keep(0);
});
