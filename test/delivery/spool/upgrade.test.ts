// Files that earlier versions have made: brought up to date, and read as they are where the disk has no room for that.
import { expect, test } from "bun:test";
import { rmSync, statSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { checksumOf } from "../../../src/delivery/spool/row.ts";
import type { Spool } from "../../../src/delivery/spool/spool.ts";
import { encodePayload } from "../../../src/pixel/payload.ts";
import { putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { fillDisk, mountDisk } from "../../support/smalldisk.ts";
import { append, open, waiting } from "../../support/spools.ts";
import { whyNoMounts } from "../../support/system.ts";
import { unless } from "../../support/unless.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

const TABLES = `
  CREATE INDEX sent_events ON events (seq) WHERE sent = 1;
  CREATE TABLE totals (rows INTEGER NOT NULL, bytes INTEGER NOT NULL);
  INSERT INTO totals VALUES (0, 0);
  CREATE TABLE filler (bytes BLOB);
`;
const EVENT_COLUMNS = `
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, source TEXT NOT NULL, type TEXT NOT NULL,
  received INTEGER NOT NULL, sent INTEGER NOT NULL, routes TEXT NOT NULL, payload TEXT NOT NULL`;

/** The tables as versions before 0.2.0 made them, and as the version after it did. */
const VERSIONS: Readonly<Record<1 | 2, string>> = {
  1: `CREATE TABLE events (${EVENT_COLUMNS}); ${TABLES} PRAGMA user_version = 1`,
  2: `CREATE TABLE events (${EVENT_COLUMNS}, sum INTEGER); ${TABLES}
    CREATE TABLE damaged (seq INTEGER, found INTEGER, reason TEXT, id, source, type, received, sent, routes, payload, sum);
    CREATE TABLE salvaged (file TEXT PRIMARY KEY, seq INTEGER NOT NULL);
    PRAGMA user_version = 2`,
};

const COUNT = 200;
const PAYLOAD = JSON.stringify({ filler: "x".repeat(500) });
const BOTH = '[["ads","pixel.ads.page"],["warehouse","pixel.warehouse.page"]]';
const ONE = '[["warehouse","pixel.warehouse.page"]]';
/** Every third event is for both, and may be in the stream. */
const isForBoth = (index: number) => index % 3 === 0;

function make(folder: string, version: 1 | 2, count = COUNT): void {
  const file = new DatabaseSync(join(folder, "spool.db"));
  file.exec("PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
  file.exec(VERSIONS[version]);
  const places =
    version === 1 ? "?, ?, 'blog', 'page', 1000, ?, ?, ?" : "?, ?, 'blog', 'page', 1000, ?, ?, ?, ?";
  const insert = file.prepare(`INSERT INTO events VALUES (${places})`);
  file.exec("BEGIN");
  for (let index = 0; index < count; index++) {
    const routes = isForBoth(index) ? BOTH : ONE;
    const values = [index + 1, `e${index}`, isForBoth(index) ? 1 : 0, routes, PAYLOAD];
    const sum = checksumOf(`e${index}`, "blog", "page", 1000, routes, encodePayload(PAYLOAD));
    insert.run(...values, ...(version === 1 ? [] : [sum]));
  }
  file.exec(`UPDATE totals SET rows = ${count}, bytes = ${count * PAYLOAD.length}; COMMIT`);
  file.close();
}

const idsOf = (spool: Spool, destinationId: string) => waiting(spool, { destinationId }).map(({ id }) => id);
const all = Array.from({ length: COUNT }, (_, index) => `e${index}`);
const both = all.filter((_, index) => isForBoth(index));

for (const version of [1, 2] as const) {
  test(`openSpool brings a file of version ${version} up to date: each destination has its backlog`, () => {
    const folder = temporaryFolder();
    make(folder, version);
    const { spool, log } = open(folder);
    expect([idsOf(spool, "ads"), idsOf(spool, "warehouse")]).toEqual([both, all]);
    const sent = waiting(spool, { onlyMaybeStored: true });
    expect(sent.map(({ id }) => id)).toEqual(both);
    const bytes = PAYLOAD.length;
    expect(new Map([...spool.backlogs()].toSorted())).toEqual(
      new Map([
        ["ads", { copies: both.length, bytes: both.length * bytes, oldestAtMs: 1000 }],
        ["warehouse", { copies: COUNT, bytes: COUNT * bytes, oldestAtMs: 1000 }],
      ]),
    );
    spool.close();
    expect(log.lines).toEqual([]);
    const again = open(folder);
    expect([idsOf(again.spool, "warehouse"), again.log.lines]).toEqual([all, []]);
  });
}

test("openSpool sets a file of version 2 aside whose tables are not those of that version, and every event is back", async () => {
  const folder = temporaryFolder();
  make(folder, 2);
  const file = new DatabaseSync(join(folder, "spool.db"));
  file.exec("ALTER TABLE events RENAME COLUMN source TO sourcf");
  file.close();
  const { spool, log } = open(folder);
  expect(log.lines.join()).toContain("its tables are not those of a spool");
  await until("all are back", () => spool.salvageLeft === null);
  expect(idsOf(spool, "warehouse")).toEqual(all);
});

/** A folder on a small disk with a file of a version in it, and no room but so many bytes; gives how to make room. */
function leaveOnFullDisk(version: 1 | 2, count: number, roomBytes: number) {
  const folder = temporaryFolder();
  mountDisk(folder, "size=3m");
  const data = join(folder, "data");
  // For the rights of a gateway's folder.
  open(data).spool.close();
  rmSync(join(data, "spool.db"));
  make(data, version, count);
  fillDisk(folder);
  const filler = join(folder, "filler");
  truncateSync(filler, statSync(filler).size - roomBytes);
  return { data, makeRoom: () => rmSync(filler) };
}

const withMounts = unless(whyNoMounts());

for (const version of [1, 2] as const) {
  withMounts.test(
    `openSpool reads and empties a file of version ${version} on a full disk, and takes events once there is room`,
    async () => {
      const { data, makeRoom } = leaveOnFullDisk(version, COUNT, 0);
      const { spool } = open(data);
      expect([idsOf(spool, "ads"), idsOf(spool, "warehouse")]).toEqual([both, all]);
      expect(await append(spool, "refused")).toBe(false);
      const [poison, ...others] = waiting(spool, { destinationId: "ads" });
      if (poison === undefined) throw new Error("nothing is there");
      for (const one of others.slice(1)) spool.remove(one, "ads");
      for (const one of waiting(spool).slice(0, 100)) spool.remove(one, "warehouse");
      expect(spool.quarantine(poison, "ads", "too large")).toBe(true);
      spool.flush();
      const left = both.slice(1, 2);
      expect([idsOf(spool, "ads"), idsOf(spool, "warehouse")]).toEqual([left, all.slice(100)]);
      makeRoom();
      await until("there is room", () => spool.state === "open");
      expect(await append(spool, "late")).toBe(true);
      await until("what is done is gone", () => spool.backlogs().get("ads")?.copies === 1);
      expect([idsOf(spool, "ads"), idsOf(spool, "warehouse")]).toEqual([left, [...all.slice(100), "late"]]);
      spool.close();
      const again = open(data);
      expect([idsOf(again.spool, "ads"), idsOf(again.spool, "warehouse")]).toEqual([
        left,
        [...all.slice(100), "late"],
      ]);
      expect(again.spool.quarantined().get("ads")?.copies).toBe(1);
      expect(again.log.lines).toEqual([]);
    },
    30_000,
  );
}

withMounts.test(
  "remove makes room in a file that cannot be brought up to date, whatever waits to go to quarantine",
  () => {
    // For some deletions there is room, for the index of all copies there is not.
    const { data } = leaveOnFullDisk(2, 2000, 96 * 1024);
    const { spool } = open(data);
    const [poison, ...others] = waiting(spool, { limit: 30 });
    if (poison === undefined) throw new Error("nothing is there");
    for (const one of others) {
      for (const { destinationId } of one.routes) spool.remove(one, destinationId);
    }
    expect(spool.quarantine(poison, "warehouse", "too large")).toBe(true);
    spool.flush();
    expect(spool.rows).toBe(2000 - others.length);
    expect(spool.quarantined().size).toBe(0);
  },
  30_000,
);
