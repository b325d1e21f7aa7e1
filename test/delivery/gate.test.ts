// The table at the head of gate.ts, cell by cell: each phase with each event, as the words say.
import { expect, test } from "bun:test";
import {
  allowed,
  allowedFromMs,
  GATE_PHASES,
  type Gate,
  type GateEvent,
  type GatePhase,
  LONGEST_DESTINATION_MS,
  LONGEST_STREAM_MS,
  nextGate,
  openGate,
  PROMPT_MS,
  SHORTEST_MS,
} from "../../src/delivery/gate.ts";
import { holds, meaningOf, readHeadRows } from "../support/headtable.ts";

const ROWS = readHeadRows("src/delivery/gate.ts");
const NOW = 100_000;
const SINCE = NOW - PROMPT_MS - 100;

const REFUSED: GateEvent = { is: "refused", reason: "full", sentMs: SINCE };
const REFUSED_BEFORE: GateEvent = { is: "refused", reason: "full", sentMs: SINCE - 1 };

/** What each text in the middle column stands for. */
const EVENTS: Readonly<Record<string, readonly GateEvent[]>> = {
  late: [{ is: "late", reason: "out for long" }],
  refused: [REFUSED, REFUSED_BEFORE],
  "refused: sent since then": [REFUSED],
  "answered: sent since then, within 500 ms": [{ is: "answered", sentMs: NOW - PROMPT_MS }],
  "answered: sent since then, later": [{ is: "answered", sentMs: SINCE }],
  probed: [{ is: "probed", sentMs: NOW }],
  "unproved: sent since then": [{ is: "unproved", sentMs: SINCE }],
  news: [{ is: "news" }],
  barred: [{ is: "barred", reason: "gone" }],
  unknown: [{ is: "unknown", reason: "no answer" }],
  usable: [{ is: "usable" }],
};

/** Events that no row names, in any phase. */
const BEFORE: readonly GateEvent[] = [
  { is: "answered", sentMs: SINCE - 1 },
  { is: "unproved", sentMs: SINCE - 1 },
];

function gate(phase: GatePhase, fields: Partial<Gate> = {}): Gate {
  const isOpen = phase === "open";
  return {
    phase,
    sinceMs: SINCE,
    troubledMs: isOpen ? null : SINCE - 5000,
    reason: isOpen ? "" : "as before",
    failures: phase === "shut" || phase === "probing" ? 3 : 0,
    untilMs: phase === "shut" ? NOW + 1000 : 0,
    longestMs: LONGEST_DESTINATION_MS,
    ...fields,
  };
}

function rowFor(phase: GatePhase, event: GateEvent): string[] | undefined {
  const rows = ROWS.filter(
    ([states = "", on = ""]) =>
      holds(states, phase) && meaningOf(EVENTS, on).some((one) => Bun.deepEquals(one, event)),
  );
  expect(rows.length).toBeLessThanOrEqual(1);
  return rows[0];
}

/** What the words of the last column say of the gate after. */
function expected(before: Gate, words: string): Partial<Gate> {
  const [place = "", failures] = words.split(", ");
  const phase = place.split(" ")[0] as GatePhase;
  if (failures === undefined) expect(["slow", "probing", "shut until now"]).toContain(place);
  else expect(["one failure more", "no failure"]).toContain(failures);
  return {
    phase,
    sinceMs: NOW,
    failures:
      failures === "no failure" ? 0 : failures === "one failure more" ? before.failures + 1 : before.failures,
    ...(place === "shut until now" ? { untilMs: NOW } : {}),
  };
}

for (const phase of GATE_PHASES) {
  test(`nextGate does in ${phase} what the table says, and nothing on any other event`, () => {
    const before = gate(phase);
    for (const event of [...Object.values(EVENTS).flat(), ...BEFORE]) {
      const after = nextGate(before, event, NOW, 0.5);
      const [, , to] = rowFor(phase, event) ?? [];
      if (to === undefined) expect({ event, isSame: after === before }).toEqual({ event, isSame: true });
      else expect({ event, ...after }).toMatchObject({ event, ...expected(before, to) });
    }
  });
}

test("the table of gate.ts has a row for each kind of event", () => {
  expect(new Set(ROWS.map(([, on = ""]) => on))).toEqual(new Set(Object.keys(EVENTS)));
});

test("nextGate keeps since when there is trouble through all of its phases, and forgets it with its reason when open", () => {
  let one = nextGate(openGate(LONGEST_STREAM_MS), { is: "late", reason: "out for long" }, 1000, 0);
  expect(one).toMatchObject({ phase: "slow", troubledMs: 1000, reason: "out for long" });
  one = nextGate(one, { is: "refused", reason: "full", sentMs: 1500 }, 2000, 0);
  expect(one).toMatchObject({ phase: "shut", troubledMs: 1000, reason: "full" });
  one = nextGate(one, { is: "probed", sentMs: 3000 }, 3001, 0);
  one = nextGate(one, { is: "unproved", sentMs: 3000 }, 3100, 0);
  one = nextGate(one, { is: "barred", reason: "gone" }, 4000, 0);
  expect(one).toMatchObject({ phase: "barred", troubledMs: 1000, reason: "gone" });
  one = nextGate(one, { is: "unknown", reason: "no answer" }, 5000, 0);
  expect(one).toMatchObject({ phase: "shut", troubledMs: 1000, reason: "no answer" });
  one = nextGate(one, { is: "usable" }, 6000, 0);
  expect(one).toMatchObject({ phase: "open", troubledMs: null, reason: "", failures: 0 });
});

test("nextGate tells of another reason why nothing may be sent, and of the same one nothing", () => {
  const barred = nextGate(openGate(1), { is: "barred", reason: "gone" }, 1000, 0);
  expect(nextGate(barred, { is: "barred", reason: "gone" }, 2000, 0)).toBe(barred);
  expect(nextGate(barred, { is: "barred", reason: "sealed" }, 2000, 0).reason).toBe("sealed");
});

/** How long a gate is shut after each of so many refusals in a row. */
function pauses(longestMs: number, refusals: number, random: number): number[] {
  let one = openGate(longestMs);
  return Array.from({ length: refusals }, () => {
    one = nextGate(one, { is: "refused", reason: "full", sentMs: NOW }, NOW, random);
    const pauseMs = one.untilMs - NOW;
    one = nextGate(one, { is: "probed", sentMs: NOW }, NOW, random);
    return pauseMs;
  });
}

test("nextGate doubles the wait at each failure up to its longest, and half of it is chance", () => {
  const full = [250, 500, 1000, 2000, 4000, 8000, 15_000, 15_000];
  expect(pauses(LONGEST_DESTINATION_MS, 8, 1)).toEqual(full);
  expect(pauses(LONGEST_DESTINATION_MS, 8, 0)).toEqual(full.map((ms) => ms / 2));
  expect(pauses(LONGEST_STREAM_MS, 5, 1)).toEqual([250, 500, 1000, 2000, 2000]);
  // Not infinity, and not zero, after a week of them.
  expect(pauses(LONGEST_DESTINATION_MS, 5000, 1).at(-1)).toBe(LONGEST_DESTINATION_MS);
  expect(SHORTEST_MS).toBe(250);
});

test("allowed lets many through where copies are taken, and one where its time has come", () => {
  const through = (phase: GatePhase, untilMs = 0) => allowed(gate(phase, { untilMs }), NOW);
  expect(GATE_PHASES.map((phase) => through(phase))).toEqual(["many", "many", "one", "none", "none"]);
  expect(through("shut", NOW)).toBe("one");
  expect(through("shut", NOW + 1)).toBe("none");
});

test("allowedFromMs is the time of the next try, and never where no time tells", () => {
  expect(GATE_PHASES.map((phase) => allowedFromMs(gate(phase)))).toEqual([
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    NOW + 1000,
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  ]);
});
