import { expect, test } from "bun:test";
import { chmodSync, cpSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { countEvents, findSpoolFiles, readEvents } from "../../../src/delivery/spool/contents.ts";
import { event, putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { append, appendMany, open } from "../../support/spools.ts";

putAwayAfterEach();

test("findSpoolFiles finds spools and damaged ones, in the order of their numbers, and nothing beside them", () => {
  const folder = temporaryFolder();
  const spools = ["spool.db", "spool-2.db", "spool-10.db", "spool.db.damaged-20261125T100000Z"];
  const others = [
    "spool.db-wal",
    "spool.db.damaged-20261125T100000Z-shm",
    "gateway.lock",
    "spool.db.salvaged-1",
  ];
  for (const name of [...spools, ...others]) writeFileSync(join(folder, name), "");
  expect(findSpoolFiles(folder).toSorted()).toEqual(spools.toSorted());
  expect(findSpoolFiles(folder).indexOf("spool-2.db")).toBeLessThan(
    findSpoolFiles(folder).indexOf("spool-10.db"),
  );
});

test("countEvents counts events, bytes, times and the destinations of each event", async () => {
  const folder = temporaryFolder();
  let now = 1000;
  const { spool } = open(folder, undefined, () => now);
  await append(spool, "e0", '{"name":"Zürich"}');
  now = 3000;
  const routes = ["warehouse", "ads"].map((id) => ({ destinationId: id, subject: `pixel.${id}.page` }));
  await new Promise((resolve) => spool.append(event("e1"), routes, false, resolve));
  const expected = {
    file: "spool.db",
    isDamaged: false,
    events: 2,
    bytes: Buffer.byteLength('{"name":"Zürich"}{"id":"e1"}'),
    oldestAt: 1000,
    newestAt: 3000,
    destinations: { warehouse: 2, ads: 1 },
    beside: ["spool.db-wal", "spool.db-shm"],
    sideLog: "whole",
    fault: null,
  };
  const copy = temporaryFolder();
  cpSync(folder, copy, { recursive: true });
  const { destinations, ...counted } = countEvents(copy, "spool.db");
  expect({ ...counted, destinations: { ...destinations } }).toMatchObject(expected);
});

test("readEvents reads batch after batch, and leaves a closed spool as it is", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  await appendMany(spool, 1203, "{}");
  spool.close();
  chmodSync(folder, 0o500);
  const batches = [...readEvents(folder, "spool.db")];
  expect(batches.map(({ length }) => length)).toEqual([500, 500, 203]);
  expect(batches.flat().map(({ id }) => id)).toEqual(Array.from({ length: 1203 }, (_, index) => `e${index}`));
  expect(countEvents(folder, "spool.db")).toMatchObject({ events: 1203, beside: [] });
  chmodSync(folder, 0o700);
  expect(readdirSync(folder)).toEqual(["spool.db"]);
});
