import { expect, test } from "bun:test";
import { cpSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { countEvents } from "../../../src/delivery/spool/count.ts";
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
  const expected = {
    file: "spool.db",
    isDamaged: false,
    events: 2,
    bytes: Buffer.byteLength('{"name":"Zürich"}{"id":"e1"}'),
    oldestAt: 1000,
    newestAt: 3000,
    destinations: { warehouse: 2, ads: 1 },
    beside: ["spool.db-wal", "spool.db-shm"],
    sideLog: "whole" as const,
    fault: null,
  };
  const copy = temporaryFolder();
  cpSync(folder, copy, { recursive: true });
  const counted = countEvents(copy, "spool.db");
  expect({ ...counted, destinations: { ...counted.destinations } }).toEqual(expected);

  // Set aside it is read page by page, and counts the same.
  const aside = "spool.db.damaged-20261125T100000Z";
  for (const suffix of ["", "-wal", "-shm"])
    renameSync(join(copy, `spool.db${suffix}`), join(copy, aside + suffix));
  const again = countEvents(copy, aside);
  expect({ ...again, destinations: { ...again.destinations } }).toEqual({
    ...expected,
    file: aside,
    isDamaged: true,
    beside: [`${aside}-wal`, `${aside}-shm`],
  });
});

test("countEvents tells a file that is no database", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "spool.db"), "x".repeat(5000));
  expect(countEvents(folder, "spool.db")).toMatchObject({ events: 0, fault: "file is not a database" });
});
