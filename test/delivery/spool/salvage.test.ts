// The salvage of a damaged file goes on until all of it is back: over a stop, and past a spool without room.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  createSalvage,
  isQuarantined,
  NOT_BEGUN,
  type SalvageSource,
} from "../../../src/delivery/spool/salvage.ts";
import type { Spool } from "../../../src/delivery/spool/spool.ts";
import { createHandClock } from "../../support/clock.ts";
import { afterTest, event, putAwayAfterEach, recordLog, temporaryFolder } from "../../support/parts.ts";
import { append, appendMany, ids, MIB, open, waiting } from "../../support/spools.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

const PAYLOAD = JSON.stringify({ filler: "x".repeat(500) });

/** A folder whose spool has `count` events and a first page that is none: the file is put aside at the next start. */
async function leaveDamaged(count: number): Promise<string> {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  await appendMany(spool, count, PAYLOAD);
  spool.close();
  const path = join(folder, "spool.db");
  const bytes = readFileSync(path);
  bytes.fill(0xa5, 0, 4096);
  writeFileSync(path, bytes);
  return folder;
}

const files = (folder: string, kind: string) =>
  readdirSync(folder).filter((name) => name.includes(kind) && !/-(wal|shm)$/.test(name));
const all = (count: number) => Array.from({ length: count }, (_, index) => `e${index}`);

test("createSalvage brings every event back once, in order, and renames the file", async () => {
  const folder = await leaveDamaged(1000);
  const { spool, log } = open(folder);
  expect(spool.salvageLeft).not.toBe(null);
  await until("all are back", () => spool.salvageLeft === null);
  expect(ids(spool)).toEqual(all(1000));
  expect(files(folder, ".damaged-")).toEqual([]);
  expect(files(folder, ".salvaged-")).toHaveLength(1);
  expect(log.lines.join("\n")).toMatch(
    /the readable events of the damaged spool are back {"events":1000,"damaged":0/,
  );
});

test("createSalvage goes on at the next start where it was stopped, and brings no event back twice", async () => {
  const folder = await leaveDamaged(5000);
  let stops = 0;
  let spool: Spool;
  for (; ; stops++) {
    spool = open(folder).spool;
    const before = spool.rows;
    await until("some are back", () => spool.rows >= Math.min(5000, before + 900));
    if (files(folder, ".damaged-").length === 0 || spool.rows === 5000) break;
    spool.close();
  }
  expect(stops).toBeGreaterThan(2);
  await until("the file is renamed", () => files(folder, ".damaged-").length === 0);
  expect(ids(spool)).toEqual(all(5000));
  spool.close();
  expect(ids(open(folder).spool)).toHaveLength(5000);
});

test("createSalvage waits for room in a full spool, and loses nothing", async () => {
  const folder = await leaveDamaged(4000);
  const { spool } = open(folder, MIB);
  const back: string[] = [];
  const relay = setInterval(() => {
    if (spool.state !== "full" && spool.salvageLeft !== null) return;
    for (const event of waiting(spool, { limit: 10_000 })) {
      back.push(event.id);
      spool.remove(event, "warehouse");
    }
  }, 20);
  afterTest(() => clearInterval(relay));
  let wasFull = false;
  await until("all are back", () => {
    wasFull ||= spool.state === "full";
    return back.length >= 4000;
  });
  expect(wasFull).toBe(true);
  expect(back.toSorted()).toEqual(all(4000).toSorted());
}, 40_000);

test("createSalvage lets new events go first", async () => {
  const folder = await leaveDamaged(2000);
  const { spool } = open(folder);
  expect(await append(spool, "new")).toBe(true);
  expect(spool.rows).toBeLessThan(2001);
  await until("all are back", () => spool.rows === 2001);
});

/** A source of so many events, `<name>1` and on, with sequences from 1. */
function sourceOf(name: string, count: number): SalvageSource {
  let index = 0;
  return {
    isReady: () => true,
    left: () => count - index,
    next: (limit) => {
      const found = Array.from({ length: Math.min(limit, count - index) }, () => {
        index++;
        return { ...event(`${name}${index}`), seq: index, spooledAtMs: 0 };
      });
      return { found, damaged: 0 };
    },
    rewind: (after) => {
      index = Math.max(0, after);
    },
    finish() {},
    close() {},
  };
}

test("rescue brings back all of a lost file that waits behind one half done, and no more of that one", () => {
  const time = createHandClock();
  const kept: string[] = [];
  const salvage = createSalvage({
    log: recordLog(),
    time,
    isBusy: () => false,
    keep: (one, _path, done) => {
      if (!isQuarantined(one)) kept.push(one.id);
      done(true);
    },
  });
  const job = { settled: new Map(), done: () => NOT_BEGUN };
  salvage.add({ ...job, path: "damaged", isLost: false, open: () => sourceOf("d", 1000) });
  salvage.add({ ...job, path: "lost", isLost: true, open: () => sourceOf("l", 300) });
  time.advance(15);
  const before = kept.length;
  expect(before).toBeGreaterThan(0);
  expect(before).toBeLessThan(1000);
  salvage.rescue(() => {});
  expect(kept.slice(before)).toEqual(Array.from({ length: 300 }, (_, index) => `l${index + 1}`));
});
