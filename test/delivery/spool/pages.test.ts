// What a damaged file still holds, in a hundred random rounds. Every row repeats its own mark, so that a page shows by its
// bytes alone which rows stand on it: only these may be lost with it.
import { expect, test } from "bun:test";
import { copyFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openAside } from "../../../src/delivery/spool/aside.ts";
import type { SpooledEvent } from "../../../src/delivery/spool/row.ts";
import { isQuarantined } from "../../../src/delivery/spool/salvage.ts";
import { decodePayload } from "../../../src/pixel/payload.ts";
import { putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { createRandom } from "../../support/random.ts";
import { append, open, waiting } from "../../support/spools.ts";

putAwayAfterEach();

const PAGE = 4096;
/** A page in the log, with its header. */
const FRAME = 24 + PAGE;
const ROWS = 500;
const ROUNDS = 100;

const markOf = (index: number) => `<e${String(index).padStart(4, "0")}>`;

/** A spool with rows of all sizes, some of them on several pages, and with pages that are free again. */
async function makeFile(folder: string): Promise<{ path: string; kept: Map<string, string> }> {
  const { spool } = open(folder);
  const random = createRandom(1);
  const payloads = Array.from({ length: ROWS }, (_, index) =>
    JSON.stringify({ mark: markOf(index).repeat(1 + random(index % 10 === 0 ? 2000 : 200)) }),
  );
  await Promise.all(payloads.map((payload, index) => append(spool, markOf(index), payload)));
  const kept = new Map(payloads.map((payload, index) => [markOf(index), payload]));
  const read: SpooledEvent[] = waiting(spool, { limit: ROWS });
  for (const [index, event] of read.entries()) {
    if (index % 7 > 1 && index < 350) continue;
    spool.remove(event, "warehouse");
    kept.delete(event.id);
  }
  spool.close();
  return { path: join(folder, "spool.db"), kept };
}

function salvage(path: string): Map<string, string> {
  const source = openAside(path);
  while (!source.isReady());
  const found = new Map<string, string>();
  while (source.left() > 0) {
    for (const one of source.next(100).found) {
      if (isQuarantined(one)) throw new Error("nothing was put into quarantine");
      const { id, payload } = one;
      expect(found.has(id)).toBe(false);
      found.set(id, decodePayload(payload));
    }
  }
  source.close();
  return found;
}

/** The rows of which a piece stands on a page. */
function marksOn(bytes: Uint8Array): Set<string> {
  return new Set(
    Buffer.from(bytes)
      .toString("latin1")
      .match(/<e\d{4}>/g) ?? [],
  );
}

test("openAside finds every row of a whole file, and none that is done", async () => {
  const { path, kept } = await makeFile(temporaryFolder());
  expect(salvage(path)).toEqual(kept);
});

test("openAside loses of damaged pages the rows on them at most, and gives none that is not as it was written", async () => {
  const folder = temporaryFolder();
  const { path, kept } = await makeFile(folder);
  const whole = readFileSync(path);
  const pages = whole.length / PAGE;
  const damaged = join(folder, "damaged.db");
  for (let round = 0; round < ROUNDS; round++) {
    const random = createRandom(1000 + round);
    const bytes = Buffer.from(whole);
    const mayBeLost = new Set<string>();
    for (let count = 1 + random(5); count > 0; count--) {
      const page = random(pages);
      const start = page * PAGE;
      for (const mark of marksOn(whole.subarray(start, start + PAGE))) mayBeLost.add(mark);
      const kind = random(3);
      if (kind === 0) bytes.fill(0, start, start + PAGE);
      else if (kind === 1) for (let at = 0; at < PAGE; at++) bytes[start + at] = random(256);
      else bytes[start + random(PAGE)] = random(256);
    }
    writeFileSync(damaged, bytes);
    const found = salvage(damaged);
    const lost = [...kept.keys()].filter((mark) => !found.has(mark) && !mayBeLost.has(mark));
    expect({ round, lost }).toEqual({ round, lost: [] });
    for (const [mark, payload] of found) {
      if (kept.has(mark)) expect(payload === kept.get(mark)).toBe(true);
    }
  }
}, 60_000);

/** Pages that hold the beginning of a row that is to be found, and the free pages in the order of their list. */
function pagesOf(
  whole: Buffer,
  kept: ReadonlyMap<string, string>,
): { used: number[]; trunk: number; listed: number } {
  const trunk = whole.readUInt32BE(32);
  const start = (trunk - 1) * PAGE;
  const listed = whole.readUInt32BE(start + 4);
  const free = new Set([
    trunk,
    ...Array.from({ length: listed }, (_, at) => whole.readUInt32BE(start + 8 + at * 4)),
  ]);
  const used = Array.from({ length: whole.length / PAGE }, (_, index) => index + 1).filter((page) => {
    const bytes = whole.subarray((page - 1) * PAGE, page * PAGE);
    return !free.has(page) && bytes[0] === 0x0d && [...marksOn(bytes)].some((mark) => kept.has(mark));
  });
  return { used, trunk, listed };
}

test("openAside looks at a page that the list of free pages, or the pointer map, names by a changed byte", async () => {
  const folder = temporaryFolder();
  const { path, kept } = await makeFile(folder);
  const whole = readFileSync(path);
  const { used, trunk, listed } = pagesOf(whole, kept);
  expect([whole.readUInt32BE((trunk - 1) * PAGE), listed > 20, used.length > 20]).toEqual([0, true, true]);
  const damaged = join(folder, "damaged.db");
  for (const [index, page] of used.slice(0, 20).entries()) {
    const list = Buffer.from(whole);
    list.writeUInt32BE(page, (trunk - 1) * PAGE + 8 + index * 4);
    writeFileSync(damaged, list);
    const found = salvage(damaged);
    expect([...kept.keys()].filter((mark) => !found.has(mark))).toEqual([]);
    const map = Buffer.from(whole);
    map[PAGE + (page - 3) * 5] = 2;
    writeFileSync(damaged, map);
    expect(salvage(damaged)).toEqual(kept);
  }
});

test("openAside takes the list of free pages at its word where the pointer map is none any more", async () => {
  const folder = temporaryFolder();
  const { path, kept } = await makeFile(folder);
  const bytes = readFileSync(path);
  const random = createRandom(7);
  for (let at = 0; at < PAGE; at++) bytes[PAGE + at] = random(256);
  const damaged = join(folder, "damaged.db");
  writeFileSync(damaged, bytes);
  expect(salvage(damaged)).toEqual(kept);
});

test("openAside finds what was written to a page after it was free, where the log has lost that it is in use", async () => {
  const folder = temporaryFolder();
  const { path } = await makeFile(folder);
  const { spool } = open(folder);
  const added = Array.from({ length: 100 }, (_, index) => markOf(ROWS + index));
  await Promise.all(added.map((mark) => append(spool, mark, JSON.stringify({ mark: mark.repeat(50) }))));
  const damaged = join(folder, "damaged.db");
  const log = readFileSync(`${path}-wal`);
  let lost = 0;
  for (let at = 32; at + FRAME <= log.length; at += FRAME) {
    const isLast = at + 2 * FRAME > log.length;
    // The pointer map, and whatever is no leaf of a table: the list of free pages is among it.
    if (isLast || (log.readUInt32BE(at) !== 2 && log[at + 24] !== 0)) continue;
    log.fill(0xa5, at, at + FRAME);
    lost++;
  }
  copyFileSync(path, damaged);
  writeFileSync(`${damaged}-wal`, log);
  spool.close();
  expect(lost).toBeGreaterThan(0);
  const found = salvage(damaged);
  expect(added.filter((mark) => !found.has(mark))).toEqual([]);
});

test("openAside loses of a file that was cut short its tail only", async () => {
  const folder = temporaryFolder();
  const { path, kept } = await makeFile(folder);
  const whole = readFileSync(path);
  const cut = join(folder, "cut.db");
  for (let round = 0; round < 20; round++) {
    const length = createRandom(round)(statSync(path).size);
    copyFileSync(path, cut);
    truncateSync(cut, length);
    const found = salvage(cut);
    const mayBeLost = marksOn(whole.subarray(Math.floor(length / PAGE) * PAGE));
    const lost = [...kept.keys()].filter((mark) => !found.has(mark) && !mayBeLost.has(mark));
    expect({ length, lost }).toEqual({ length, lost: [] });
  }
}, 60_000);
