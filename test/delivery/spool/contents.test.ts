import { expect, test } from "bun:test";
import { chmodSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { findSpoolFiles, readEvents } from "../../../src/delivery/spool/contents.ts";
import { putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { appendMany, open } from "../../support/spools.ts";

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

test("readEvents reads batch after batch, and leaves a closed spool as it is", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  await appendMany(spool, 1203, "{}");
  spool.close();
  chmodSync(folder, 0o500);
  const batches = [...readEvents(folder, "spool.db")];
  expect(batches.map(({ found }) => found.length)).toEqual([500, 500, 203]);
  expect(batches.flatMap(({ found }) => found).map(({ id }) => id)).toEqual(
    Array.from({ length: 1203 }, (_, index) => `e${index}`),
  );
  chmodSync(folder, 0o700);
  expect(readdirSync(folder)).toEqual(["spool.db"]);
});

test("readEvents passes over a row that the disk has changed, and counts it", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  await appendMany(spool, 3, "{}");
  spool.close();
  const file = new DatabaseSync(join(folder, "spool.db"));
  file.exec("UPDATE events SET payload = '[]' WHERE id = 'e1'");
  file.close();
  const [batch] = readEvents(folder, "spool.db");
  expect([batch?.found.map(({ id }) => id), batch?.damaged]).toEqual([["e0", "e2"], 1]);
});

test("readEvents reads of a file that was set aside what is not back yet", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  await appendMany(spool, 300, "{}");
  spool.close();
  const aside = "spool.db.damaged-20261125T100000Z";
  renameSync(join(folder, "spool.db"), join(folder, aside));
  const idsOf = () => [...readEvents(folder, aside)].flatMap(({ found }) => found).map(({ id }) => id);
  expect(idsOf()).toEqual(Array.from({ length: 300 }, (_, index) => `e${index}`));
  open(folder).spool.close();
  const file = new DatabaseSync(join(folder, "spool.db"));
  file.prepare("INSERT INTO salvaged VALUES (?, 200)").run(aside);
  file.close();
  expect(idsOf()).toEqual(Array.from({ length: 100 }, (_, index) => `e${200 + index}`));
});
