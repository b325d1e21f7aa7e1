// One byte that the disk has changed where SQLite does not notice it: no event stays behind, none is sent for ever.
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findRows, Pages } from "../../../src/delivery/spool/pages.ts";
import { readVarint } from "../../../src/delivery/spool/record.ts";
import type { Spool } from "../../../src/delivery/spool/spool.ts";
import { isUnused } from "../../../src/delivery/spool/unused.ts";
import { readWal } from "../../../src/delivery/spool/wal.ts";
import { putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { append, appendMany, open, waiting } from "../../support/spools.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

// So few that all of them are in the log still.
const COUNT = 36;
const ALL = Array.from({ length: COUNT }, (_, index) => `e${index}`).toSorted();
const PAYLOAD = JSON.stringify({ filler: "x".repeat(500) });
const PAGE = 4096;
const FRAME = 24 + PAGE;

/** A folder with a spool of a gateway that was killed: what it wrote stands in the log. */
async function leaveKilled(): Promise<string> {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  // Each in a transaction of its own.
  for (let index = 0; index < COUNT; index++) await append(spool, `e${index}`, PAYLOAD);
  const killed = join(folder, "killed");
  mkdirSync(killed);
  for (const name of ["spool.db", "spool.db-wal"]) copyFileSync(join(folder, name), join(killed, name));
  return killed;
}

/** The same, its log copied into the file. */
async function leaveClosed(): Promise<string> {
  const folder = await leaveKilled();
  open(folder).spool.close();
  return folder;
}

function changeByte(path: string, at: number, bits = 1): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ bits;
  writeFileSync(path, bytes);
}

/** Takes events out as the relay does: while the spool says that it has some. Gives the ids of all that came. */
async function relay(spool: Spool): Promise<string[]> {
  const sent: string[] = [];
  await until("nothing is left", () => {
    const events = spool.rows === 0 ? [] : waiting(spool, { limit: 100 });
    for (const event of events) {
      sent.push(event.id);
      spool.remove(event, "warehouse");
    }
    spool.flush();
    return spool.rows === 0 && spool.salvageLeft === null;
  });
  return sent.toSorted();
}

for (const sums of ["rows = 0, bytes = 0", "rows = 7", "rows = 5000", "rows = -1", "rows = 1 << 62"]) {
  test(`openSpool gives every event when its sums say ${sums}`, async () => {
    const folder = await leaveClosed();
    const database = new Database(join(folder, "spool.db"));
    database.run(`UPDATE totals SET ${sums}`);
    database.close();
    expect(await relay(open(folder).spool)).toEqual(ALL);
  });
}

// To SQLite a name is the same in capitals, to who asks a row for its columns it is not.
for (const column of ["seq INTEGER PRIMARY", "source TEXT NOT", "payload TEXT NOT"]) {
  test(`openSpool gives every event when the table's text has a capital in ${column}`, async () => {
    const folder = await leaveClosed();
    const path = join(folder, "spool.db");
    changeByte(path, readFileSync(path).indexOf(column), 0x20);
    expect(await relay(open(folder).spool)).toEqual(ALL);
  });
}

test("remove tells a row that is not where its sequence says, and it is not read for ever", async () => {
  const folder = await leaveClosed();
  const path = join(folder, "spool.db");
  const pages = new Pages(path);
  const search = findRows(pages, [9]);
  let step = search.next();
  while (step.done !== true) step = search.next();
  pages.close();
  const place = step.value[30];
  if (place === undefined) throw new Error("there is no such row");
  const start = (place.page - 1) * PAGE + place.offset;
  const bytes = readFileSync(path);
  // Its sequence, in one byte, becomes another row's.
  bytes[readVarint(bytes, start).end] = 2;
  writeFileSync(path, bytes);
  const sent = await relay(open(folder).spool);
  expect([...new Set(sent)]).toEqual(ALL);
  expect(sent.length).toBeLessThanOrEqual(COUNT + 1);
});

const PLACES: readonly [what: string, at: number][] = [
  ["its header", 20],
  ["a page", 32 + 40 * FRAME + 2000],
  ["a frame's page number", 32 + 40 * FRAME + 3],
  ["a frame's salt", 32 + 40 * FRAME + 9],
  ["a frame's checksum", 32 + 40 * FRAME + 17],
];

for (const [what, at] of PLACES) {
  test(`openSpool finds the events behind a damaged place of the log: ${what}`, async () => {
    const folder = await leaveKilled();
    changeByte(join(folder, "spool.db-wal"), at);
    const { spool, log } = open(folder);
    expect(log.lines.join()).toContain("its log is damaged");
    expect(await relay(spool)).toEqual(ALL);
  });
}

test("openSpool finds what stands in the log right behind a frame that is overwritten as a whole", async () => {
  const folder = await leaveKilled();
  const path = join(folder, "spool.db-wal");
  const bytes = readFileSync(path);
  const newest = new Set(readWal(bytes).committed.values());
  const isNewest = (frame: number) => newest.has(32 + frame * FRAME + 24);
  const before = Array.from({ length: bytes.length / FRAME - 1 }, (_, frame) => frame).filter(
    (frame) => !isNewest(frame) && isNewest(frame + 1),
  );
  expect(before.length).toBeGreaterThan(3);
  for (const frame of before) bytes.fill(0, 32 + frame * FRAME, 32 + (frame + 1) * FRAME);
  writeFileSync(path, bytes);
  expect(await relay(open(folder).spool)).toEqual(ALL);
});

test("openSpool finds the events of the last transaction when the frame that ends it is damaged", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  await appendMany(spool, COUNT, PAYLOAD);
  const killed = join(folder, "killed");
  mkdirSync(killed);
  for (const name of ["spool.db", "spool.db-wal"]) copyFileSync(join(folder, name), join(killed, name));
  const path = join(killed, "spool.db-wal");
  changeByte(path, readFileSync(path).length - 2000);
  const sent = await relay(open(killed).spool);
  // Of the page on that frame all may be lost: at most the seven rows that a page has room for.
  expect(sent.length).toBeGreaterThanOrEqual(COUNT - 7);
});

test("isUnused leaves a damaged log to who brings its events back", async () => {
  const folder = await leaveKilled();
  changeByte(join(folder, "spool.db-wal"), 32 + 40 * FRAME + 2000);
  expect(isUnused(join(folder, "spool.db"))).toBe(true);
  expect(await relay(open(folder).spool)).toEqual(ALL);
});

test("openSpool takes a log that a kill has cut off for whole", async () => {
  const folder = await leaveKilled();
  const path = join(folder, "spool.db-wal");
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.length - 1000));
  const { spool, log } = open(folder);
  expect(log.lines).toEqual([]);
  expect(spool.rows).toBe(COUNT - 1);
});
