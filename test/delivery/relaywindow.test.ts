// Walks every cell of the table: each event with each pace that makes a difference.
import { describe, expect, test } from "bun:test";
import {
  FRESH_PACE,
  MAX_PAUSE_MS,
  MAX_WINDOW,
  MIN_PAUSE_MS,
  nextPace,
  type RelayEvent,
  type RelayPace,
} from "../../src/delivery/relaywindow.ts";

const NOW = 10_000;
const PACE: RelayPace = { window: 7, holdUntilMs: 0, pauseMs: 1000, hasProgress: false };
const HELD = { ...PACE, holdUntilMs: NOW + 40 };
const MOVING = { ...PACE, hasProgress: true };
const WIDE = { ...PACE, window: MAX_WINDOW };
const SLOW = { ...PACE, pauseMs: 20_000 };

const UNACKED_UP: RelayEvent = { is: "unacked", isDegraded: false };
const UNACKED_DEGRADED: RelayEvent = { is: "unacked", isDegraded: true };
const PASSED_UP: RelayEvent = { is: "passed", isDegraded: false };
const PASSED_DEGRADED: RelayEvent = { is: "passed", isDegraded: true };
const PACES = { PACE, HELD, MOVING, WIDE, SLOW };
type Name = keyof typeof PACES;

/** What each event changes of each pace. */
const TABLE: readonly [string, RelayEvent, Readonly<Record<Name, Partial<RelayPace>>>][] = [
  [
    "restarted",
    { is: "restarted" },
    { PACE: FRESH_PACE, HELD: FRESH_PACE, MOVING: FRESH_PACE, WIDE: FRESH_PACE, SLOW: FRESH_PACE },
  ],
  [
    "relayed",
    { is: "relayed" },
    {
      PACE: { window: 8, hasProgress: true },
      HELD: { window: 8, hasProgress: true },
      MOVING: { window: 8 },
      WIDE: { hasProgress: true },
      SLOW: { window: 8, hasProgress: true },
    },
  ],
  [
    "unacked while NATS is up",
    UNACKED_UP,
    {
      PACE: { window: 1 },
      HELD: { window: 1 },
      MOVING: { window: 1 },
      WIDE: { window: 1 },
      SLOW: { window: 1 },
    },
  ],
  [
    "unacked while NATS is degraded",
    UNACKED_DEGRADED,
    {
      PACE: { window: 1, holdUntilMs: NOW + MIN_PAUSE_MS },
      HELD: { window: 1 },
      MOVING: { window: 1, holdUntilMs: NOW + MIN_PAUSE_MS },
      WIDE: { window: 1, holdUntilMs: NOW + MIN_PAUSE_MS },
      SLOW: { window: 1, holdUntilMs: NOW + MIN_PAUSE_MS },
    },
  ],
  ["rejected", { is: "rejected" }, { PACE: {}, HELD: {}, MOVING: {}, WIDE: {}, SLOW: {} }],
  [
    "passed while NATS is up",
    PASSED_UP,
    {
      PACE: { pauseMs: 2000 },
      HELD: { pauseMs: 2000 },
      MOVING: { pauseMs: MIN_PAUSE_MS, hasProgress: false },
      WIDE: { pauseMs: 2000 },
      SLOW: { pauseMs: MAX_PAUSE_MS },
    },
  ],
  [
    "passed while NATS is degraded",
    PASSED_DEGRADED,
    {
      PACE: { pauseMs: MIN_PAUSE_MS },
      HELD: { pauseMs: MIN_PAUSE_MS },
      MOVING: { pauseMs: MIN_PAUSE_MS, hasProgress: false },
      WIDE: { pauseMs: MIN_PAUSE_MS },
      SLOW: { pauseMs: MIN_PAUSE_MS },
    },
  ],
];

describe("nextPace", () => {
  for (const [name, event, row] of TABLE) {
    for (const [from, change] of Object.entries(row)) {
      test(`makes of ${from} what the table says, on ${name}`, () => {
        const pace = PACES[from as Name];
        expect(nextPace(pace, event, NOW)).toEqual({ ...pace, ...change });
      });
    }
  }

  test("begins with one event, and pauses from 250 ms up", () => {
    expect(FRESH_PACE).toEqual({ window: 1, holdUntilMs: 0, pauseMs: 250, hasProgress: false });
  });
});
