// Self times, read from a profile: by function, between two times, and without the time in which nothing ran.
import { expect, test } from "bun:test";
import { selfTimes } from "./profile.ts";

const frame = (functionName: string, url = "", lineNumber = -1) => ({ functionName, url, lineNumber });
const PROFILE = {
  nodes: [
    { id: 1, callFrame: frame("(root)"), children: [2] },
    { id: 2, callFrame: frame("decide", "file:///elsewhere/decide.ts", 41), children: [3, 4] },
    { id: 3, callFrame: frame(""), children: [5] },
    { id: 4, callFrame: frame("stringify") },
    { id: 5, callFrame: frame("") },
  ],
  startTime: 1000,
  samples: [4, 2, 3, 2, 4, 5],
  timeDeltas: [100, 200, 300, 50_000, 200, 50],
};

function named(times: Map<string, number>, part: string): number {
  return [...times].filter(([name]) => name.includes(part)).reduce((sum, [, us]) => sum + us, 0);
}

test("selfTimes adds up the samples of each function, and counts a long gap as idle but for its first part", () => {
  const times = selfTimes([PROFILE], 0, 1e9);
  expect(named(times, "decide.ts:42")).toBeGreaterThan(1000);
  expect(named(times, "decide.ts:42")).toBeLessThan(3000);
  expect(times.get("stringify")).toBe(300);
});

test("selfTimes names a function of the runtime's that has no name by its caller", () => {
  const unnamed = [...selfTimes([PROFILE], 0, 1e9)].filter(([name]) => name.includes("runtime"));
  expect(unnamed).toEqual([
    [expect.stringMatching(/^\(the runtime, called by decide .*decide\.ts:42\)$/), 350],
  ]);
});

test("selfTimes leaves out what lies before or behind the times given", () => {
  expect([...selfTimes([PROFILE], 1101, 1300).values()]).toEqual([200]);
});

test("selfTimes adds up the profiles of several processes", () => {
  expect(selfTimes([PROFILE, PROFILE], 0, 1e9).get("stringify")).toBe(600);
});
