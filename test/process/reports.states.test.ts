// Several states of delivery as one: from tables, a row a rule.
import { expect, test } from "bun:test";
import { SPOOL_STATES } from "../../src/delivery/spool/admission.ts";
import { type DeliveryState, NATS_STATES } from "../../src/delivery/state.ts";
import { addStates } from "../../src/process/reports.ts";
import { IDLE } from "../support/ports.ts";
import { destination, NO_ACK, SHORT_WINDOW } from "../support/troubles.ts";

const rows: readonly (readonly [
  rule: string,
  states: Partial<DeliveryState>[],
  sum: Partial<DeliveryState>,
])[] = [
  ["adds up what is in flight", [{ inFlight: 2 }, { inFlight: 3 }], { inFlight: 5 }],
  ["adds up its bytes", [{ inFlightBytes: 200 }, { inFlightBytes: 300 }], { inFlightBytes: 500 }],
  ["adds up what is spooled", [{ spooled: 7 }, { spooled: 0 }, { spooled: 5 }], { spooled: 12 }],
  ["adds up what is in quarantine", [{ quarantined: 3 }, { quarantined: 4 }], { quarantined: 7 }],
  ["is full of it as soon as one is", [{ quarantineFull: true }, {}], { quarantineFull: true }],
  ["adds up its bytes on disk", [{ spooledBytes: 70 }, { spooledBytes: 50 }], { spooledBytes: 120 }],
  [
    "takes the oldest of the spooled",
    [{ oldestSpooledMs: 10 }, { oldestSpooledMs: null }, { oldestSpooledMs: 90 }, { oldestSpooledMs: 0 }],
    { oldestSpooledMs: 90 },
  ],
  [
    "knows an age of zero from none",
    [{ oldestSpooledMs: null }, { oldestSpooledMs: 0 }],
    { oldestSpooledMs: 0 },
  ],
  ["has no oldest where nothing is spooled", [{}, {}], { oldestSpooledMs: null }],
  [
    "adds up the destinations of all, each with its worst state",
    [
      { destinations: [destination("a", { state: "shut", reason: "full", copies: 2 })] },
      { destinations: [destination("a", { copies: 3 }), destination("b")] },
    ],
    {
      destinations: [destination("a", { state: "shut", reason: "full", copies: 5 }), destination("b")],
    },
  ],
  [
    "has a finding once",
    [{ findings: [NO_ACK] }, { findings: [NO_ACK, SHORT_WINDOW] }],
    { findings: [NO_ACK, SHORT_WINDOW] },
  ],
  ["adds up the quarantines", [{ quarantined: 3 }, { quarantined: 4 }], { quarantined: 7 }],
  [
    "has a full quarantine where one of them is full",
    [{ quarantineFull: false }, { quarantineFull: true }, { quarantineFull: false }],
    { quarantineFull: true },
  ],
  ["has room in the quarantine where all have", [{}, {}], { quarantineFull: false }],
  ["is down while nobody has said anything", [], { ...IDLE, nats: "down" }],
];
for (const [rule, states, sum] of rows) {
  test(`addStates ${rule}`, () =>
    expect(addStates(states.map((state) => ({ ...IDLE, ...state })))).toMatchObject(sum));
}

for (const [better, worse] of NATS_STATES.flatMap((a, index) =>
  NATS_STATES.slice(index).map((b) => [a, b] as const),
)) {
  test(`addStates takes NATS for ${worse} where it is ${better} and ${worse}`, () => {
    for (const pair of [
      [better, worse],
      [worse, better],
    ] as const) {
      expect(addStates(pair.map((nats) => ({ ...IDLE, nats }))).nats).toBe(worse);
    }
  });
}

for (const [better, worse] of SPOOL_STATES.flatMap((a, index) =>
  SPOOL_STATES.slice(index).map((b) => [a, b] as const),
)) {
  test(`addStates takes the spool for ${worse} where it is ${better} and ${worse}`, () => {
    for (const pair of [
      [better, worse],
      [worse, better],
    ] as const) {
      expect(addStates(pair.map((spool) => ({ ...IDLE, spool }))).spool).toBe(worse);
    }
  });
}
