import { expect, test } from "bun:test";
import { describeContents, describeJson, selectContents } from "../../src/cli/spoollist.ts";
import type { Contents } from "../../src/delivery/spool/count.ts";

const AT = Date.parse("2026-11-25T10:00:00.000Z");

function contents(file: string, fields: Partial<Contents> = {}): Contents {
  return {
    file,
    isDamaged: false,
    events: 0,
    bytes: 0,
    oldestAt: null,
    newestAt: null,
    backlogs: new Map(),
    quarantine: [],
    beside: [],
    sideLog: "whole",
    fault: null,
    ...fields,
  };
}

const REFUSED = { destinationId: "ads", reason: "message size exceeds maximum allowed" };

const FILES = [
  contents("spool.db", {
    events: 3,
    bytes: 30,
    oldestAt: AT,
    newestAt: AT + 1000,
    backlogs: new Map([
      ["warehouse", { copies: 3, bytes: 30, oldestAt: AT }],
      ["ads", { copies: 1, bytes: 10, oldestAt: AT + 1000 }],
    ]),
    quarantine: [{ ...REFUSED, copies: 2, bytes: 20, oldestAt: AT, newestAt: AT + 1000 }],
    beside: ["spool.db-wal"],
  }),
  contents("spool-1.db", {
    events: 2,
    bytes: 20,
    oldestAt: AT - 1000,
    newestAt: 9e15,
    backlogs: new Map([["warehouse", { copies: 2, bytes: 20, oldestAt: AT - 1000 }]]),
    quarantine: [{ ...REFUSED, copies: 1, bytes: 10, oldestAt: AT - 1000, newestAt: AT - 1000 }],
  }),
  contents("spool.db.damaged-20261125T100000Z", { isDamaged: true, fault: "file is not a database" }),
];

test("describeContents has a block for each file, and a total", () => {
  expect(describeContents(FILES)).toBe(
    [
      "spool.db spool.db-wal",
      "  3 events, 30 bytes, spooled from 2026-11-25T10:00:00.000Z to 2026-11-25T10:00:01.000Z",
      "  → warehouse  3 copies, 30 bytes, the oldest from 2026-11-25T10:00:00.000Z",
      "  → ads        1 copy, 10 bytes, the oldest from 2026-11-25T10:00:01.000Z",
      "  in quarantine for ads: 2 copies, 20 bytes, from 2026-11-25T10:00:00.000Z to 2026-11-25T10:00:01.000Z: message size exceeds maximum allowed",
      "spool-1.db",
      "  2 events, 20 bytes, spooled from 2026-11-25T09:59:59.000Z to 9000000000000000",
      "  → warehouse  2 copies, 20 bytes, the oldest from 2026-11-25T09:59:59.000Z",
      "  in quarantine for ads: 1 copy, 10 bytes, from 2026-11-25T09:59:59.000Z to 2026-11-25T09:59:59.000Z: message size exceeds maximum allowed",
      "spool.db.damaged-20261125T100000Z (damaged and set aside)",
      '  cannot be read: file is not a database; "pixelgate spool drain" brings back what is whole of it',
      "total",
      "  5 events, 50 bytes, spooled from 2026-11-25T09:59:59.000Z to 9000000000000000",
      "  → warehouse  5 copies, 50 bytes, the oldest from 2026-11-25T09:59:59.000Z",
      "  → ads        1 copy, 10 bytes, the oldest from 2026-11-25T10:00:01.000Z",
      "  in quarantine for ads: 3 copies, 30 bytes, from 2026-11-25T09:59:59.000Z to 2026-11-25T10:00:01.000Z: message size exceeds maximum allowed",
    ].join("\n"),
  );
});

const NOTHING = { destinations: {}, backlogs: {}, quarantine: [] };

test("describeJson tells of each destination what waits and what is in quarantine", () => {
  expect(JSON.parse(describeJson("/data", FILES)).total).toMatchObject({
    destinations: { warehouse: 5, ads: 1 },
    backlogs: { warehouse: { copies: 5, bytes: 50, oldest: "2026-11-25T09:59:59.000Z" } },
    quarantine: [
      {
        destination: "ads",
        reason: REFUSED.reason,
        copies: 3,
        bytes: 30,
        oldest: "2026-11-25T09:59:59.000Z",
        newest: "2026-11-25T10:00:01.000Z",
      },
    ],
  });
});

test("selectContents leaves out what is another destination's, or waits where the quarantine is asked for", () => {
  const [file = contents("spool.db")] = FILES;
  const select = (destinationId: string | null, isQuarantine: boolean) => {
    const { backlogs, quarantine } = selectContents(file, destinationId, isQuarantine);
    return [[...backlogs.keys()], quarantine.map((one) => one.destinationId)];
  };
  expect(select("ads", false)).toEqual([["ads"], ["ads"]]);
  expect(select("warehouse", false)).toEqual([["warehouse"], []]);
  expect(select("ads", true)).toEqual([[], ["ads"]]);
  expect(select(null, false)).toEqual([["warehouse", "ads"], ["ads"]]);
});

test("describeJson has no time where there is no event", () => {
  expect(JSON.parse(describeJson("/data", [contents("spool.db")]))).toEqual({
    folder: "/data",
    files: [
      {
        file: "spool.db",
        isDamaged: false,
        beside: [],
        log: "whole",
        fault: null,
        events: 0,
        bytes: 0,
        oldest: null,
        newest: null,
        ...NOTHING,
      },
    ],
    total: { events: 0, bytes: 0, oldest: null, newest: null, ...NOTHING },
  });
});
