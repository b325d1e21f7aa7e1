import { expect, test } from "bun:test";
import { copyFileSync, cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type SideLog, sideLogOf } from "../../../src/delivery/spool/sidelog.ts";
import { putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { append, ids, open } from "../../support/spools.ts";

putAwayAfterEach();

/** A folder as a killed gateway with one event leaves it. */
async function killed(): Promise<string> {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  await append(spool, "e0");
  const copy = temporaryFolder();
  cpSync(folder, copy, { recursive: true });
  return copy;
}

/** What has become of a spool, and what its file says of its log. */
const ROWS: readonly (readonly [what: string, SideLog, make: () => Promise<string>])[] = [
  ["copied with its log", "whole", killed],
  [
    "copied without its log",
    "missing",
    async () => {
      const folder = await killed();
      rmSync(join(folder, "spool.db-wal"));
      return folder;
    },
  ],
  [
    "copied without its log, beside an empty one that a reader has made",
    "missing",
    async () => {
      const folder = await killed();
      writeFileSync(join(folder, "spool.db-wal"), "");
      return folder;
    },
  ],
  [
    "closed",
    "whole",
    async () => {
      const folder = temporaryFolder();
      const { spool } = open(folder);
      await append(spool, "e0");
      spool.close();
      return folder;
    },
  ],
  [
    "opened again after a clean end, and copied without its log",
    "missing",
    async () => {
      const folder = temporaryFolder();
      open(folder).spool.close();
      await append(open(folder).spool, "e0");
      const copy = temporaryFolder();
      copyFileSync(join(folder, "spool.db"), join(copy, "spool.db"));
      return copy;
    },
  ],
  [
    "written by a version that left no word",
    "unknown",
    async () => {
      const folder = temporaryFolder();
      const file = new DatabaseSync(join(folder, "spool.db"));
      file.exec("PRAGMA journal_mode = WAL; CREATE TABLE events (seq INTEGER PRIMARY KEY)");
      file.close();
      return folder;
    },
  ],
  ["not there", "whole", async () => temporaryFolder()],
  [
    "no database",
    "whole",
    async () => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, "spool.db"), "x".repeat(200));
      return folder;
    },
  ],
];

for (const [what, expected, make] of ROWS) {
  test(`sideLogOf says ${expected} of a spool that was ${what}`, async () => {
    expect(sideLogOf(join(await make(), "spool.db"))).toBe(expected);
  });
}

const LINE = "the spool was not closed cleanly and its log is missing: what was spooled last may be lost";

test("openSpool warns of a log that is missing, once, and of no other", async () => {
  const folder = await killed();
  rmSync(join(folder, "spool.db-wal"));
  const first = open(folder);
  expect(ids(first.spool)).toEqual([]);
  expect(first.log.lines).toHaveLength(1);
  expect(first.log.lines[0]).toStartWith(LINE);
  first.spool.close();
  expect(open(folder).log.lines).toEqual([]);
  const whole = open(await killed());
  expect([ids(whole.spool), whole.log.lines]).toEqual([["e0"], []]);
});
