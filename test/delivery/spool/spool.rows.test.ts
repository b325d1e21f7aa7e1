// Single rows that are not what was written, and files of earlier versions.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { readSpool } from "../../../src/delivery/spool/reader.ts";
import { event, putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { append, appendMany, copiesOf, ids, open, waiting } from "../../support/spools.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

function alter<T>(folder: string, act: (file: DatabaseSync) => T): T {
  const file = new DatabaseSync(join(folder, "spool.db"));
  try {
    return act(file);
  } finally {
    file.close();
  }
}

/** One changed value each, as a disk could change it. */
const CHANGES: readonly [what: string, sql: string][] = [
  ["routes that are no JSON", "UPDATE events SET routes = 'x' || routes WHERE id = 'e3'"],
  ["routes of another shape", "UPDATE events SET routes = '[[1,2]]' WHERE id = 'e3'"],
  ["another subject", "UPDATE events SET routes = replace(routes, 'page', 'pagf') WHERE id = 'e3'"],
  ["a payload with another letter", "UPDATE events SET payload = replace(payload, 'x', 'y') WHERE id = 'e3'"],
  ["a payload that is bytes", "UPDATE events SET payload = CAST(payload AS BLOB) WHERE id = 'e3'"],
  ["another id", "UPDATE events SET id = 'e4' WHERE id = 'e3'"],
  ["another source", "UPDATE events SET source = 'shop' WHERE id = 'e3'"],
  ["another type", "UPDATE events SET type = 'track' WHERE id = 'e3'"],
  ["a type that is none", "UPDATE events SET type = 'pagf' WHERE id = 'e3'"],
  ["a time beyond all numbers", "UPDATE events SET received = 9223372036854775807 WHERE id = 'e3'"],
  ["another checksum", "UPDATE events SET sum = sum + 1 WHERE id = 'e3'"],
];

for (const [what, sql] of CHANGES) {
  test(`read puts a row with ${what} aside, alone, and says so`, async () => {
    const folder = temporaryFolder();
    const first = open(folder).spool;
    await appendMany(first, 6, JSON.stringify({ filler: "x" }));
    first.close();
    alter(folder, (file) => file.exec(sql));
    expect(readSpool(folder, { afterSeq: 0, limit: 10 })).toHaveLength(5);

    const { spool, log } = open(folder);
    expect(ids(spool)).toEqual(["e0", "e1", "e2", "e4", "e5"]);
    expect(spool).toMatchObject({ rows: 5, damagedRows: 1 });
    expect(log.lines.join()).toContain("a row of the spool is damaged and set aside");
    expect(await append(spool, "new")).toBe(true);
    expect(ids(spool)).toEqual(["e0", "e1", "e2", "e4", "e5", "new"]);
    spool.close();
    expect(open(folder).spool.damagedRows).toBe(1);
    expect(alter(folder, (file) => file.prepare("SELECT count(*) AS n FROM damaged").get()?.n)).toBe(1);
  });
}

test("remove leaves a row whose checksum is that of what it holds now", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  const routes = [
    { destinationId: "a", subject: "pixel.a.page", stream: "PIXEL" },
    { destinationId: "b", subject: "pixel.b.page", stream: "PIXEL" },
  ];
  await new Promise((resolve) => spool.append(event("one", { routes }), copiesOf(routes), resolve));
  const [one] = waiting(spool, { destinationId: "a" });
  if (one === undefined) throw new Error("nothing was spooled");
  spool.remove(one, "a");
  spool.flush();
  spool.close();
  const again = open(folder).spool;
  expect(waiting(again, { destinationId: "b" })[0]?.routes).toEqual([
    { destinationId: "b", subject: "pixel.b.page" },
  ]);
  expect(again.damagedRows).toBe(0);
});

test("remove tells at once a row that is not where its sequence says, and every event is back", async () => {
  const folder = temporaryFolder();
  const { spool, log } = open(folder);
  await appendMany(spool, 3, "{}");
  const [first] = waiting(spool, { limit: 1 });
  if (first === undefined) throw new Error("nothing was spooled");
  alter(folder, (file) => file.exec("UPDATE events SET seq = 99 WHERE seq = 1"));
  spool.remove(first, "warehouse");
  spool.flush();
  expect(log.lines.join()).toContain("a row is not where its sequence says");
  await until("all are back", () => spool.salvageLeft === null);
  expect(ids(spool).toSorted()).toEqual(["e0", "e1", "e2"]);
});

/** The tables as they were before rows had a checksum. */
const VERSION_1 = `
  PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;
  CREATE TABLE events (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, source TEXT NOT NULL, type TEXT NOT NULL,
    received INTEGER NOT NULL, sent INTEGER NOT NULL, routes TEXT NOT NULL, payload TEXT NOT NULL);
  CREATE INDEX sent_events ON events (seq) WHERE sent = 1;
  CREATE TABLE totals (rows INTEGER NOT NULL, bytes INTEGER NOT NULL);
  CREATE TABLE filler (bytes BLOB);
  PRAGMA user_version = 1;
`;

function makeVersion1(folder: string, firstSeq: bigint): void {
  alter(folder, (file) => {
    file.exec(VERSION_1);
    const insert = file.prepare("INSERT INTO events VALUES (?, ?, 'blog', 'page', 1, 0, ?, ?)");
    const routes = '[["warehouse","pixel.warehouse.page"]]';
    for (let index = 0; index < 5; index++) {
      insert.run(firstSeq + BigInt(index), `e${index}`, routes, index === 2 ? '{"cut' : `{"n":${index}}`);
    }
    file.exec("INSERT INTO totals VALUES (5, 40)");
  });
}

test("read puts a row aside that is no UTF-8, in a file without checksums", async () => {
  const folder = temporaryFolder();
  makeVersion1(folder, 1n);
  // What a lenient reader would take for JSON with a replacement character in it.
  const cut = Buffer.from([...Buffer.from('{"a":"'), 0xc3, ...Buffer.from('"}')]).toString("hex");
  alter(folder, (file) => file.exec(`UPDATE events SET payload = CAST(x'${cut}' AS TEXT) WHERE id = 'e3'`));
  const { spool } = open(folder);
  expect(ids(spool)).toEqual(["e0", "e1", "e4"]);
  expect(spool.damagedRows).toBe(2);
});

test("openSpool goes on with a file of version 1, and finds what is no JSON in it", async () => {
  const folder = temporaryFolder();
  makeVersion1(folder, 1_700_000_000_000_000n);
  const { spool } = open(folder);
  expect(ids(spool)).toEqual(["e0", "e1", "e3", "e4"]);
  expect(await append(spool, "new")).toBe(true);
  const events = waiting(spool, { limit: 10 });
  expect(events.at(-1)).toMatchObject({ id: "new", seq: 1_700_000_000_000_005 });
  for (const event of events) spool.remove(event, "warehouse");
  spool.flush();
  expect(spool).toMatchObject({ rows: 0, bytes: 0, damagedRows: 1 });
  spool.close();
  expect(open(folder).log.lines).toEqual([]);
});

test("openSpool numbers a file anew whose sequences are of a clock that said 2266", async () => {
  const folder = temporaryFolder();
  // Milliseconds of the year 2266, times 1000: more than a JavaScript number holds.
  makeVersion1(folder, 9_340_000_000_000_000n);
  const { spool } = open(folder, undefined, () => Date.parse("2266-01-01"));
  expect(waiting(spool, { limit: 10 }).map(({ id, seq }) => [id, seq])).toEqual([
    ["e0", 1],
    ["e1", 2],
    ["e3", 4],
    ["e4", 5],
  ]);
  expect(await append(spool, "new")).toBe(true);
  expect(waiting(spool, { afterSeq: 5, limit: 10 }).map(({ id }) => id)).toEqual(["new"]);
});

test("append gives sequences from a counter, whatever the clock says", async () => {
  const folder = temporaryFolder();
  for (const [index, year] of ["2266", "1999", "9999"].entries()) {
    const { spool } = open(folder, undefined, () => Date.parse(`${year}-01-01`));
    expect(await append(spool, year)).toBe(true);
    expect(waiting(spool, { limit: 10 }).map(({ seq }) => seq)).toEqual(
      Array.from({ length: index + 1 }, (_, before) => before + 1),
    );
    spool.close();
  }
});
