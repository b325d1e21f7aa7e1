// Who has to be there for a gateway that a script has started: found in tables, and with the real `bun run start`.
import { expect, test } from "bun:test";
import {
  findLaunchers,
  isGone,
  type ProcessFacts,
  readProcess,
  watchLaunchers,
} from "../../src/process/launcher.ts";
import { createHandClock } from "../support/clock.ts";

const facts = (parent: number, group: number, more: Partial<ProcessFacts> = {}): ProcessFacts => ({
  parent,
  group,
  started: "100",
  isZombie: false,
  isOfNpx: false,
  ...more,
});
const NPX = { isOfNpx: true };
const read = (table: Record<number, ProcessFacts>) => (pid: number) => table[pid] ?? null;

/** The gateway is 50. */
const ROWS: readonly [what: string, table: Record<number, ProcessFacts>, pids: readonly number[]][] = [
  ["a script from a shell", { 50: facts(40, 40), 40: facts(10, 40), 10: facts(1, 10) }, [40]],
  [
    "a script from another script, in whose group it is",
    { 50: facts(40, 10), 40: facts(10, 10), 10: facts(1, 10) },
    [40],
  ],
  [
    "npx, its shell and its script",
    {
      50: facts(40, 20),
      40: facts(30, 20, NPX),
      30: facts(20, 20, NPX),
      20: facts(10, 20),
      10: facts(1, 10),
    },
    [40, 30, 20],
  ],
  ["a script as the first process of a container", { 50: facts(1, 1), 1: facts(0, 1) }, [1]],
  ["a script that has ended already", { 50: facts(1, 40), 1: facts(0, 1) }, []],
  ["a system that does not tell", {}, []],
];
for (const [what, table, pids] of ROWS) {
  test(`findLaunchers finds ${pids.length} of ${what}`, () =>
    expect(findLaunchers(50, read(table)).map(({ pid }) => pid)).toEqual([...pids]));
}

const GONE: readonly [what: string, table: Record<number, ProcessFacts>, isGone: boolean][] = [
  ["there", { 40: facts(10, 40) }, false],
  ["there with another parent", { 40: facts(1, 40) }, false],
  ["not there", {}, true],
  ["a zombie", { 40: facts(10, 40, { isZombie: true }) }, true],
  ["another process with its pid", { 40: facts(10, 40, { started: "200" }) }, true],
];
for (const [what, table, expected] of GONE) {
  test(`isGone is ${expected} for a launcher that is ${what}`, () =>
    expect(isGone({ pid: 40, started: "100" }, read(table))).toBe(expected));
}

test("watchLaunchers tells once that one is gone, and only where a script has started the process", () => {
  for (const [environment, times] of [
    [{ PIXELGATE_LAUNCHED_BY: "script" }, 1],
    [{}, 0],
  ] as const) {
    const clock = createHandClock();
    const table = { 50: facts(40, 40), 40: facts(10, 40) };
    let gone = 0;
    watchLaunchers(
      clock,
      environment,
      50,
      () => gone++,
      (pid) => read(table)(pid),
    );
    clock.advance(10_000);
    expect(gone).toBe(0);
    Object.assign(table, { 40: null });
    clock.advance(10_000);
    expect(gone).toBe(times);
  }
});

test("readProcess reads this process, and nothing of one that is not there", () => {
  expect(readProcess(process.pid)).toMatchObject({ parent: process.ppid, isZombie: false });
  expect(readProcess(process.pid)?.started).toMatch(/^\d+$/);
  expect(readProcess(2 ** 30)).toBeNull();
});
