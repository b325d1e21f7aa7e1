import { expect, test } from "bun:test";
import { chmodSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { takeDataDir } from "../../src/delivery/datadir.ts";
import { SpoolError } from "../../src/delivery/spool/fault.ts";
import { lockFolder } from "../../src/delivery/spool/lock.ts";
import type { Clock } from "../../src/runtime/clock.ts";
import { createHandClock } from "../support/clock.ts";
import { afterTest, putAwayAfterEach, recordLog, temporaryFolder } from "../support/parts.ts";
import { mountDisk } from "../support/smalldisk.ts";
import { whyNoMounts } from "../support/system.ts";
import { unless } from "../support/unless.ts";

putAwayAfterEach();

function take(dataDir: string, time: Clock = createHandClock()): readonly string[] {
  const log = recordLog();
  afterTest(takeDataDir(dataDir, "a test", log, time).release);
  return log.lines;
}

function isLocked(dataDir: string): boolean {
  try {
    lockFolder(dataDir, "another")?.release();
    return false;
  } catch (error) {
    if (!(error instanceof SpoolError)) throw error;
    return true;
  }
}

test("takeDataDir creates a folder for its user alone, and says nothing of it", () => {
  const dataDir = join(temporaryFolder(), "a", "b");
  expect(take(dataDir)).toEqual([]);
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  expect(readdirSync(dataDir)).toEqual(["gateway.lock"]);
});

test("takeDataDir leaves a folder as it is that others may look into, and says so in one line", () => {
  const dataDir = temporaryFolder();
  chmodSync(dataDir, 0o755);
  expect(take(dataDir)).toEqual([
    `others may look into the data directory ${JSON.stringify({ folder: dataDir, mode: "755", try: `chmod 700 '${dataDir}'` })}`,
  ]);
  expect(statSync(dataDir).mode & 0o777).toBe(0o755);
});

test("takeDataDir takes every file of a spool from others, and no other file", () => {
  const dataDir = temporaryFolder();
  const names = ["spool.db", "spool-3.db-wal", "spool.db.damaged-20261125T100000Z", "notes.txt"];
  for (const name of names) writeFileSync(join(dataDir, name), "");
  for (const name of names) chmodSync(join(dataDir, name), 0o644);
  take(dataDir);
  const modes = names.map((name) => (statSync(join(dataDir, name)).mode & 0o777).toString(8));
  expect(modes).toEqual(["600", "600", "600", "644"]);
});

test("takeDataDir takes a folder again that was removed", () => {
  const dataDir = join(temporaryFolder(), "data");
  const clock = createHandClock();
  const lines = take(dataDir, clock);
  rmSync(dataDir, { recursive: true });
  clock.advance(500);
  expect([isLocked(dataDir), lines]).toEqual([true, []]);
});

test("takeDataDir says so when another process was quicker, and takes the folder when that one ends", () => {
  const dataDir = temporaryFolder();
  const clock = createHandClock();
  const lines = take(dataDir, clock);
  rmSync(join(dataDir, "gateway.lock"));
  const other = lockFolder(dataDir, "another");
  clock.advance(1000);
  expect(lines).toEqual([
    `the data directory is no longer locked ${JSON.stringify({ reason: `Cannot use the data directory "${dataDir}": another process holds it` })}`,
  ]);
  other?.release();
  clock.advance(500);
  expect(isLocked(dataDir)).toBe(true);
});

unless(whyNoMounts()).test(
  "takeDataDir warns where there is no room for a lock, and locks once there is",
  () => {
    const dataDir = temporaryFolder();
    mountDisk(dataDir, "size=64k,nr_inodes=2,mode=700");
    writeFileSync(join(dataDir, "filler"), "");
    const clock = createHandClock();
    const lines = take(dataDir, clock);
    clock.advance(1000);
    expect(lines).toEqual([
      `the data directory is not locked: the disk is full ${JSON.stringify({ folder: dataDir })}`,
    ]);
    rmSync(join(dataDir, "filler"));
    clock.advance(500);
    expect(isLocked(dataDir)).toBe(true);
  },
);
