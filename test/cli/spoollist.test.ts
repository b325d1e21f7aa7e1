import { expect, test } from "bun:test";
import { describeContents, describeJson } from "../../src/cli/spoollist.ts";
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
    destinations: {},
    beside: [],
    sideLog: "whole",
    fault: null,
    ...fields,
  };
}

const FILES = [
  contents("spool.db", {
    events: 3,
    bytes: 30,
    oldestAt: AT,
    newestAt: AT + 1000,
    destinations: { warehouse: 3, ads: 1 },
    beside: ["spool.db-wal"],
  }),
  contents("spool-1.db", {
    events: 2,
    bytes: 20,
    oldestAt: AT - 1000,
    newestAt: 9e15,
    destinations: { warehouse: 2 },
  }),
  contents("spool.db.damaged-20261125T100000Z", { isDamaged: true, fault: "file is not a database" }),
];

test("describeContents has a block for each file, and a total", () => {
  expect(describeContents(FILES)).toBe(
    [
      "spool.db spool.db-wal",
      "  3 events of 30 bytes, spooled from 2026-11-25T10:00:00.000Z to 2026-11-25T10:00:01.000Z",
      "  → warehouse  3",
      "  → ads        1",
      "spool-1.db",
      "  2 events of 20 bytes, spooled from 2026-11-25T09:59:59.000Z to 9000000000000000",
      "  → warehouse  2",
      "spool.db.damaged-20261125T100000Z (damaged and set aside)",
      '  cannot be read: file is not a database; "pixelgate spool drain" brings back what is whole of it',
      "total",
      "  5 events of 50 bytes, spooled from 2026-11-25T09:59:59.000Z to 9000000000000000",
      "  → warehouse  5",
      "  → ads        1",
    ].join("\n"),
  );
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
        destinations: {},
      },
    ],
    total: { events: 0, bytes: 0, oldest: null, newest: null, destinations: {} },
  });
});
