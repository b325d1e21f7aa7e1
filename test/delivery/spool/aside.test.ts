import { expect, test } from "bun:test";
import {
  closeSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { append, appendMany, ids, open, waiting } from "../../support/spools.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

/** The name of the damaged file that was set aside, without the files beside it. */
function setAsideIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.includes(".damaged-") && !/-(wal|shm)$/.test(name));
}

function overwrite(path: string, position: number, bytes: Uint8Array): void {
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, position);
  closeSync(file);
}

test("openSpool sets a file aside that is not a database", async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "spool.db"), "not a database at all ".repeat(500));
  const { spool, log } = open(folder);
  expect(await append(spool, "new")).toBe(true);
  expect(setAsideIn(folder)).toHaveLength(1);
  expect(log.lines.join()).toContain("the spool is damaged and set aside");
});

test("openSpool brings back what a damaged file still holds", async () => {
  const folder = temporaryFolder();
  const first = open(folder).spool;
  await appendMany(first, 300, JSON.stringify({ filler: "x".repeat(2000) }));
  first.close();
  const path = join(folder, "spool.db");
  // The last page is in use: the check of both ends at opening meets it.
  const size = statSync(path).size;
  for (let page = Math.floor(size / 4096) - 3; page * 4096 < size; page++) {
    overwrite(path, page * 4096, new Uint8Array(4096).fill(0xa5));
  }
  const { spool } = open(folder);
  expect(setAsideIn(folder)).toHaveLength(1);
  await until("most events are back", () => spool.rows > 200);
  expect(await append(spool, "new")).toBe(true);
});

test("openSpool survives a file cut short", async () => {
  const folder = temporaryFolder();
  const first = open(folder).spool;
  await appendMany(first, 300, JSON.stringify({ filler: "x".repeat(2000) }));
  first.close();
  const path = join(folder, "spool.db");
  const file = openSync(path, "r+");
  ftruncateSync(file, Math.floor(statSync(path).size / 2));
  closeSync(file);
  const { spool } = open(folder);
  expect(setAsideIn(folder)).toHaveLength(1);
  expect(await append(spool, "new")).toBe(true);
});

test("read sets a file aside whose damage shows while running, and the spool goes on", async () => {
  const folder = temporaryFolder();
  const first = open(folder).spool;
  await appendMany(first, 400, JSON.stringify({ filler: "x".repeat(2000) }));
  first.close();
  const path = join(folder, "spool.db");
  const pages = Math.floor(statSync(path).size / 4096);
  const bytes = readFileSync(path);
  for (let page = Math.floor(pages / 2); page < pages / 2 + 20; page++) {
    // Leaves with events only: the index of copies is looked at when the file is opened.
    if (bytes[page * 4096] === 0x0d) overwrite(path, page * 4096, new Uint8Array(4096).fill(0xa5));
  }
  const { spool } = open(folder);
  expect(setAsideIn(folder)).toHaveLength(0);
  let last = 0;
  for (let round = 0; round < 20 && setAsideIn(folder).length === 0; round++) {
    last = waiting(spool, { afterSeq: last, limit: 50 }).at(-1)?.seq ?? last;
  }
  expect(setAsideIn(folder)).toHaveLength(1);
  expect(await append(spool, "new")).toBe(true);
  await until("events from both sides of the damage are back", () => spool.rows > 300);
  const back = ids(spool);
  expect(back).toContain("e0");
  expect(back).toContain("e399");
}, 30_000);
