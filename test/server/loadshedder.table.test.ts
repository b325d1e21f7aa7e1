// The table at the head of loadshedder.ts, cell by cell.
import { expect, test } from "bun:test";
import { LOAD_PHASES, type Load, type LoadEvent, nextLoad } from "../../src/server/loadshedder.ts";
import { holds, meaningOf, readHeadRows } from "../support/headtable.ts";

const ROWS = readHeadRows("src/server/loadshedder.ts");

/** Which events a row speaks of, and at which count of long waits. */
const EVENTS: Readonly<Record<string, (event: LoadEvent, load: Load) => boolean>> = {
  long: (event) => event === "long",
  "long, until 4 in a row": (event, { longWaits }) => event === "long" && longWaits < 4,
  "long, the 5th in a row": (event, { longWaits }) => event === "long" && longWaits === 4,
  between: (event) => event === "between",
  short: (event) => event === "short",
  "between, short": (event) => event === "between" || event === "short",
  lost: (event) => event === "lost",
};

const CALM: Load = { phase: "calm", longWaits: 0, steps: 0 };
const OUTCOMES: Readonly<Record<string, (load: Load) => Load>> = {
  "watching, 1 long": () => ({ phase: "watching", longWaits: 1, steps: 0 }),
  "watching, 1 long more": ({ longWaits }) => ({ phase: "watching", longWaits: longWaits + 1, steps: 0 }),
  "shedding, 1 step": () => ({ phase: "shedding", longWaits: 0, steps: 1 }),
  "shedding, 1 step more, at most 18": ({ steps }) => ({
    phase: "shedding",
    longWaits: 0,
    steps: Math.min(18, steps + 1),
  }),
  calm: () => CALM,
  "easing, 0 long": ({ steps }) => ({ phase: "easing", longWaits: 0, steps }),
  "easing, 1 step less, 0 long; calm without a step left": ({ steps }) =>
    steps === 1 ? CALM : { phase: "easing", longWaits: 0, steps: steps - 1 },
  "easing, 1 long more": ({ longWaits, steps }) => ({ phase: "easing", longWaits: longWaits + 1, steps }),
  off: () => ({ phase: "off", longWaits: 0, steps: 0 }),
};

/** Every load that there can be. */
const LOADS: readonly Load[] = [
  CALM,
  { phase: "off", longWaits: 0, steps: 0 },
  ...[1, 2, 3, 4].map((longWaits): Load => ({ phase: "watching", longWaits, steps: 0 })),
  ...Array.from({ length: 18 }, (_, index): Load => ({ phase: "shedding", longWaits: 0, steps: index + 1 })),
  ...Array.from({ length: 18 }, (_, index) => index + 1).flatMap((steps) =>
    [0, 1, 2, 3, 4].map((longWaits): Load => ({ phase: "easing", longWaits, steps })),
  ),
];

for (const phase of LOAD_PHASES) {
  test(`nextLoad does in ${phase} what the table says, and nothing on any other event`, () => {
    for (const load of LOADS.filter((one) => one.phase === phase)) {
      for (const event of ["long", "between", "short", "lost"] as const) {
        const rows = ROWS.filter(
          ([states = "", on = ""]) => holds(states, phase) && meaningOf(EVENTS, on)(event, load),
        );
        expect(rows.length).toBeLessThanOrEqual(1);
        const to = rows[0]?.[2];
        const expected = to === undefined ? load : meaningOf(OUTCOMES, to)(load);
        expect({ load, event, after: nextLoad(load, event) }).toEqual({ load, event, after: expected });
      }
    }
  });
}
