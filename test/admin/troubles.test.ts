import { expect, test } from "bun:test";
import { countTroubles, tellTroubles } from "../../src/admin/troubles.ts";
import type { DeliveryState } from "../../src/delivery/state.ts";
import { IDLE } from "../support/ports.ts";
import { destination, NO_ACK, SHORT_WINDOW } from "../support/troubles.ts";

const FULL = { state: "shut", reason: "stream WAREHOUSE is full" } as const;

const rows: readonly (readonly [
  rule: string,
  state: Partial<DeliveryState>,
  told: string[],
  counted: string[],
])[] = [
  ["says nothing when all is well", { destinations: [destination("a"), destination("b")] }, [], []],
  [
    "says nothing of a destination that is open and catches up",
    { destinations: [destination("a", { copies: 900, bytes: 900_000, oldestMs: 5000 })] },
    [],
    [],
  ],
  [
    "leaves it to NATS to be down",
    { nats: "down", destinations: [destination("a", { state: "unknown", copies: 900 })] },
    [],
    [],
  ],
  [
    "names a destination with its reason and its backlog",
    { destinations: [destination("warehouse", { ...FULL, copies: 1203 }), destination("b")] },
    ["destination warehouse is shut: stream WAREHOUSE is full, 1,203 copies spooled"],
    ["destinations: 1 of 2 in trouble"],
  ],
  [
    "tells of events that were refused over its share",
    { destinations: [destination("warehouse", { ...FULL, copies: 1, refused: 57 })] },
    [
      "destination warehouse is shut: stream WAREHOUSE is full, 1 copy spooled, 57 events refused over its share of the spool",
    ],
    ["destinations: 1 of 1 in trouble"],
  ],
  [
    "puts the worst destination first",
    {
      destinations: [
        destination("a", { state: "slow", reason: "acks take 2 s" }),
        destination("b", { state: "barred" }),
        destination("c", { state: "shut", reason: "no permission" }),
      ],
    },
    [
      "destination b is barred",
      "destination c is shut: no permission",
      "destination a is slow: acks take 2 s",
    ],
    ["destinations: 3 of 3 in trouble"],
  ],
  [
    "names the quarantine of an open destination, and how to see it",
    { destinations: [destination("warehouse", { quarantined: 1200 })], quarantined: 1200 },
    [
      "destination warehouse has 1,200 copies in quarantine: pixelgate spool list --quarantine --destination warehouse",
    ],
    ["quarantine: 1,200 copies"],
  ],
  [
    "says what a full quarantine means",
    { destinations: [destination("a")], quarantined: 10_000, quarantineFull: true },
    ["quarantine is full: an event with a copy for it is answered 503"],
    ["quarantine: 10,000 copies, full"],
  ],
  [
    "names findings with their cure, a fault before destinations and a warning after them",
    {
      destinations: [destination("a", { state: "slow", reason: "late" })],
      findings: [SHORT_WINDOW, NO_ACK],
    },
    [
      "fault in stream PIXEL: it sends no acks: whether it has stored an event cannot be known; to mend it: nats stream edit PIXEL --ack",
      "destination a is slow: late",
      "warning in stream WAREHOUSE: it forgets message ids after 10 s: what is relayed later can be in it twice",
    ],
    ["destinations: 1 of 1 in trouble", "streams: 1 fault, 1 warning"],
  ],
  [
    "keeps a reason of several lines on one",
    { destinations: [destination("a", { state: "shut", reason: "no\n  room\r\nOK" })] },
    ["destination a is shut: no room OK"],
    ["destinations: 1 of 1 in trouble"],
  ],
];

for (const [rule, state, told, counted] of rows) {
  test(`tellTroubles ${rule}`, () => expect(tellTroubles({ ...IDLE, ...state })).toEqual(told));
  test(`countTroubles, where tellTroubles ${rule}, has ${counted.length} lines and no name`, () =>
    expect(countTroubles({ ...IDLE, ...state })).toEqual(counted));
}

test("tellTroubles tells of fifty destinations, and how many more there are", () => {
  const destinations = Array.from({ length: 1060 }, (_, index) => destination(`d${index}`, FULL));
  const lines = tellTroubles({ ...IDLE, destinations });
  expect(lines).toHaveLength(51);
  expect(lines.at(-1)).toBe("1,010 more destinations in trouble: see /status.json");
});
