import { expect, test } from "bun:test";
import { findObstacles, isAlive, tellMissing } from "../../src/admin/readiness.ts";
import { IDLE, ONE_PROCESS } from "../support/ports.ts";

const cases = [
  ["has none while events go to the spool", IDLE, false, []],
  ["has none while NATS is down and the spool takes events", { ...IDLE, nats: "down" }, false, []],
  ["names draining", IDLE, true, [/^draining/]],
  ["names a full spool", { ...IDLE, nats: "up", spool: "full" }, false, [/^spool is full/]],
  ["names a spool that fails", { ...IDLE, nats: "up", spool: "failing" }, false, [/^spool is failing/]],
  [
    "names NATS beside a full spool when it is down",
    { ...IDLE, nats: "down", spool: "full" },
    false,
    [/^spool is full/, /^NATS is down/],
  ],
  [
    "names NATS beside a full spool when no ack can be counted on",
    { ...IDLE, nats: "degraded", spool: "full" },
    true,
    [/^draining/, /^spool is full/, /^NATS is degraded: connected, but an ack cannot be counted on$/],
  ],
] as const;

for (const [what, state, isDraining, expected] of cases) {
  test(`findObstacles ${what}`, () => {
    const found = findObstacles(state, ONE_PROCESS, isDraining);
    expect(found).toHaveLength(expected.length);
    for (const [index, pattern] of expected.entries()) expect(found[index]).toMatch(pattern);
  });
}

const NONE = "no worker is running";
const SHUT = "out of file descriptors: no connection is accepted";
const FEWER = "workers: 3 of 4 not running";
const SHEDDING = "workers: 1 of 4 out of file descriptors";
const PROCESSES: readonly [
  running: number,
  shedding: number,
  isDraining: boolean,
  isAlive: boolean,
  obstacles: readonly string[],
  missing: readonly string[],
][] = [
  [4, 0, false, true, [], []],
  [4, 1, false, true, [], [SHEDDING]],
  [1, 0, false, true, [], [FEWER]],
  [1, 1, false, true, [SHUT], [FEWER, SHEDDING]],
  [0, 0, false, false, [NONE], ["workers: 4 of 4 not running"]],
  [0, 0, true, true, ["draining: the gateway is about to stop"], ["workers: 4 of 4 not running"]],
];
for (const [running, shedding, isDraining, alive, obstacles, missing] of PROCESSES) {
  const when = `${running} of 4 workers run, ${shedding} of these without descriptors${isDraining ? ", draining" : ""}`;
  test(`findObstacles, tellMissing and isAlive have ${obstacles.length}, ${missing.length} and ${alive} when ${when}`, () => {
    const processes = { wanted: 4, running, shedding };
    expect(findObstacles(IDLE, processes, isDraining)).toEqual([...obstacles]);
    expect(tellMissing(processes)).toEqual([...missing]);
    expect(isAlive(processes, isDraining)).toBe(alive);
  });
}
