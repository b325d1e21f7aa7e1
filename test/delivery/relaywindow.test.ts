// The table at the head of relaywindow.ts, cell by cell.
import { expect, test } from "bun:test";
import { FRESH_PACE, nextPace, type RelayEvent, type RelayPace } from "../../src/delivery/relaywindow.ts";
import { meaningOf, readHeadRows } from "../support/headtable.ts";

const ROWS = readHeadRows("src/delivery/relaywindow.ts");
const NOW = 10_000;

/** An event, and which paces the row speaks of. */
const EVENTS: Readonly<Record<string, { event: RelayEvent; isMeant?: (pace: RelayPace) => boolean }>> = {
  relayed: { event: { is: "relayed" } },
  unacked: { event: { is: "unacked" } },
  "passed, and something got through": {
    event: { is: "passed" },
    isMeant: ({ hasProgress }) => hasProgress,
  },
  "passed, and nothing did": { event: { is: "passed" }, isMeant: ({ hasProgress }) => !hasProgress },
};

const VALUES: Readonly<Record<string, (value: number) => number>> = {
  "the same": (value) => value,
  "1": () => 1,
  "+ 1, up to 512": (window) => Math.min(window + 1, 512),
  "250 ms from now, if it is not later already": (until) => (until > NOW ? until : NOW + 250),
  "250 ms": () => 250,
  "twice as long, up to 30 s": (pause) => Math.min(pause * 2, 30_000),
};

const paces: RelayPace[] = [1, 7, 511, 512].flatMap((window) =>
  [0, NOW - 1, NOW, NOW + 40].flatMap((notBeforeMs) =>
    [250, 1000, 20_000, 30_000].flatMap((pauseMs) =>
      [true, false].map((hasProgress) => ({ window, notBeforeMs, pauseMs, hasProgress })),
    ),
  ),
);

for (const [on = "", window = "", notBefore = "", pause = ""] of ROWS) {
  test(`nextPace does what the table says on: ${on}`, () => {
    const { event, isMeant = () => true } = meaningOf(EVENTS, on);
    for (const pace of paces.filter(isMeant)) {
      expect({ pace, after: nextPace(pace, event, NOW) }).toMatchObject({
        pace,
        after: {
          window: meaningOf(VALUES, window)(pace.window),
          notBeforeMs: meaningOf(VALUES, notBefore)(pace.notBeforeMs),
          pauseMs: meaningOf(VALUES, pause)(pace.pauseMs),
        },
      });
    }
  });
}

test("the table of relaywindow.ts has a row for each event", () => {
  expect(ROWS.map(([on = ""]) => on)).toEqual(Object.keys(EVENTS));
});

test("FRESH_PACE begins with one copy at once, and pauses from 250 ms up", () => {
  expect(FRESH_PACE).toEqual({ window: 1, notBeforeMs: 0, pauseMs: 250, hasProgress: false });
});

test("nextPace remembers whether something got through in this pass", () => {
  const moved = nextPace(FRESH_PACE, { is: "relayed" }, NOW);
  expect(moved.hasProgress).toBe(true);
  expect(nextPace(moved, { is: "passed" }, NOW).hasProgress).toBe(false);
});
