import { expect, test } from "bun:test";
import { listDestinations } from "../../src/delivery/destinations.ts";

const NOW = 1_000_000;

/** A spool with one backlog and one quarantine. */
function spoolWith(id: string, copies: number, oldestAtMs: number | null, quarantined = 0) {
  return {
    backlogs: () => new Map(copies > 0 ? [[id, { copies, bytes: copies * 900, oldestAtMs }]] : []),
    quarantined: () => new Map(quarantined > 0 ? [[id, { copies: quarantined, bytes: 5000 }]] : []),
  };
}

const NOTHING = { spools: [], publisher: null, refused: new Map<string, number>(), nowMs: NOW };
const QUIET = { copies: 0, bytes: 0, oldestMs: null, quarantined: 0, refused: 0 };

test("listDestinations knows nothing of a gate without NATS", () => {
  expect(listDestinations({ ...NOTHING, configured: ["a"] })).toEqual([
    { id: "a", state: "unknown", reason: "", sinceMs: null, ...QUIET },
  ]);
});

test("listDestinations tells the gates of a connection, and none of one that is gone", () => {
  const gates = () => [{ id: "a", state: "shut", reason: "full", sinceMs: 700 } as const];
  const up = { state: "up", destinations: gates } as const;
  expect(listDestinations({ ...NOTHING, configured: ["a"], publisher: up })).toMatchObject([
    { id: "a", state: "shut", reason: "full", sinceMs: 700 },
  ]);
  const down = { state: "down", destinations: gates } as const;
  expect(listDestinations({ ...NOTHING, configured: ["a"], publisher: down })).toMatchObject([
    { id: "a", state: "unknown", reason: "", sinceMs: null },
  ]);
});

test("listDestinations tells of a gate whole milliseconds", () => {
  const gates = () => [{ id: "a", state: "shut", reason: "full", sinceMs: 1272.998856 } as const];
  const publisher = { state: "up", destinations: gates } as const;
  const [told] = listDestinations({ ...NOTHING, configured: ["a"], publisher });
  expect(told?.sinceMs).toBe(1273);
});

test("listDestinations adds up the spools, takes the oldest copy, and lists what only a spool knows", () => {
  const spools = [
    spoolWith("a", 2, NOW - 500, 3),
    spoolWith("a", 1, NOW - 9000),
    spoolWith("gone", 0, null, 1),
    spoolWith("left", 4, null),
  ];
  expect(
    listDestinations({ ...NOTHING, configured: ["a", "b"], spools, refused: new Map([["b", 7]]) }),
  ).toEqual([
    {
      id: "a",
      state: "unknown",
      reason: "",
      sinceMs: null,
      copies: 3,
      bytes: 2700,
      oldestMs: 9000,
      quarantined: 3,
      refused: 0,
    },
    { id: "b", state: "unknown", reason: "", sinceMs: null, ...QUIET, refused: 7 },
    { id: "left", state: "unknown", reason: "", sinceMs: null, ...QUIET, copies: 4, bytes: 3600 },
    { id: "gone", state: "unknown", reason: "", sinceMs: null, ...QUIET, quarantined: 1 },
  ]);
});
