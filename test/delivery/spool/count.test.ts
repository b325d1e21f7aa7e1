import { expect, test } from "bun:test";
import { cpSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CountedQuarantine, countEvents } from "../../../src/delivery/spool/count.ts";
import { event, putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { append, copiesOf, open } from "../../support/spools.ts";

putAwayAfterEach();

test("countEvents counts events, bytes, times and the destinations of each event", async () => {
  const folder = temporaryFolder();
  let now = 1000;
  const { spool } = open(folder, undefined, () => now);
  await append(spool, "e0", '{"name":"Zürich"}');
  now = 3000;
  const routes = ["warehouse", "ads"].map((id) => ({
    destinationId: id,
    subject: `pixel.${id}.page`,
    stream: "PIXEL",
  }));
  await new Promise((resolve) => spool.append(event("e1"), copiesOf(routes), resolve));
  for (now = 4000; now < 6000; now += 1000) {
    const copies = copiesOf(now === 4000 ? routes : routes.slice(1), { quarantine: "too large" });
    await new Promise((resolve) => spool.append(event(`q${now}`), copies, resolve));
  }
  const expected = {
    file: "spool.db",
    isDamaged: false,
    events: 2,
    bytes: Buffer.byteLength('{"name":"Zürich"}{"id":"e1"}'),
    oldestAt: 1000,
    newestAt: 3000,
    backlogs: new Map([
      ["warehouse", { copies: 2, bytes: 29, oldestAt: 1000 }],
      ["ads", { copies: 1, bytes: 11, oldestAt: 3000 }],
    ]),
    quarantine: [
      { destinationId: "ads", reason: "too large", copies: 2, bytes: 28, oldestAt: 4000, newestAt: 5000 },
      {
        destinationId: "warehouse",
        reason: "too large",
        copies: 1,
        bytes: 14,
        oldestAt: 4000,
        newestAt: 4000,
      },
    ],
    beside: ["spool.db-wal", "spool.db-shm"],
    sideLog: "whole" as const,
    fault: null,
  };
  const copy = temporaryFolder();
  cpSync(folder, copy, { recursive: true });
  const counted = countEvents(copy, "spool.db");
  expect(counted).toEqual(expected);

  // Set aside it is read page by page, and counts the same.
  const aside = "spool.db.damaged-20261125T100000Z";
  for (const suffix of ["", "-wal", "-shm"])
    renameSync(join(copy, `spool.db${suffix}`), join(copy, aside + suffix));
  const again = countEvents(copy, aside);
  expect({ ...again, quarantine: again.quarantine.toSorted(byDestination) }).toEqual({
    ...expected,
    file: aside,
    isDamaged: true,
    beside: [`${aside}-wal`, `${aside}-shm`],
  });
});

function byDestination(one: CountedQuarantine, other: CountedQuarantine): number {
  return one.destinationId.localeCompare(other.destinationId);
}

test("countEvents tells a file that is no database", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "spool.db"), "x".repeat(5000));
  expect(countEvents(folder, "spool.db")).toMatchObject({ events: 0, fault: "file is not a database" });
});
