import { expect, test } from "bun:test";
import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { type Drain, startDrain } from "../../src/delivery/drain.ts";
import { spoolNameOf } from "../../src/delivery/spool/name.ts";
import { openSpool } from "../../src/delivery/spool/spool.ts";
import { type Clock, systemClock } from "../../src/runtime/clock.ts";
import { createHandClock } from "../support/clock.ts";
import { createNats } from "../support/natsserver.ts";
import {
  afterTest,
  event,
  LAYOUT,
  nats,
  putAwayAfterEach,
  readStream,
  recordLog,
  STREAM,
  temporaryFolder,
} from "../support/parts.ts";
import { append, copiesOf, ids, MIB } from "../support/spools.ts";

putAwayAfterEach();

const LOCATION = { maxBytes: 64 * MIB, clock: Date.now };

function openNamed(dataDir: string, name: string) {
  const spool = openSpool({ dataDir, name, log: recordLog(), ...LOCATION });
  afterTest(() => spool.close());
  return spool;
}

/** A folder with the spools of two workers. */
async function twoSpools(): Promise<{ dataDir: string; names: string[] }> {
  const dataDir = temporaryFolder();
  const names = [spoolNameOf(0), spoolNameOf(1)];
  for (const [index, name] of names.entries()) {
    const spool = openNamed(dataDir, name);
    for (let row = 0; row < 3; row++) await append(spool, `w${index}-${row}`);
    spool.close();
  }
  return { dataDir, names };
}

function start(where: { dataDir: string; names: string[] }, url: string, time: Clock = systemClock): Drain {
  const parts = { nats: { servers: [url] }, stream: STREAM, log: recordLog(), time };
  const drain = startDrain({ layout: LAYOUT, ...where, ...LOCATION, ...parts });
  afterTest(() => {
    drain.stop();
    return time === systemClock ? drain.ended : undefined;
  });
  return drain;
}

test("startDrain brings the events of every spool to the stream, and empties them", async () => {
  const server = await nats();
  const where = await twoSpools();
  const drain = start(where, server.url);
  expect(await drain.ended).toBe("done");
  expect([drain.relayed, drain.left]).toEqual([6, 0]);
  const stored = (await readStream(server.url)).map(({ payload }) => JSON.parse(payload).id);
  expect(stored.toSorted()).toEqual(["w0-0", "w0-1", "w0-2", "w1-0", "w1-1", "w1-2"]);
  for (const name of where.names) expect(ids(openNamed(where.dataDir, name))).toEqual([]);
});

test("startDrain brings back what was set aside, and stores that too", async () => {
  const server = await nats();
  const { dataDir } = await twoSpools();
  renameSync(join(dataDir, "spool.db"), join(dataDir, "spool.db.damaged-20261125T100000Z"));
  const drain = start({ dataDir, names: ["spool.db"] }, server.url);
  expect(await drain.ended).toBe("done");
  expect([drain.relayed, drain.left, drain.damagedRows]).toEqual([3, 0, 0]);
  expect(readdirSync(dataDir)).toContain("spool.db.salvaged-20261125T100000Z");
});

/** Turns the clock until the drain has ended: what it awaits needs turns of the event loop in between. */
async function turnUntilEnded(drain: Drain, advance: (ms: number) => void): Promise<number> {
  let isOver = false;
  void drain.ended.then(() => {
    isOver = true;
  });
  let passedMs = 0;
  while (!isOver && passedMs < 120_000) {
    advance(50);
    passedMs += 50;
    await turn();
  }
  return passedMs;
}

test("startDrain gives up when nothing has got through for half a minute, and keeps what is left", async () => {
  const server = await createNats();
  afterTest(server.stop);
  const where = await twoSpools();
  const clock = createHandClock();
  const drain = start(where, server.url, clock);
  const passedMs = await turnUntilEnded(drain, clock.advance);
  expect(await drain.ended).toBe("stuck");
  expect(passedMs).toBeGreaterThanOrEqual(30_000);
  expect(passedMs).toBeLessThan(35_000);
  expect([drain.relayed, drain.left]).toEqual([0, 6]);
  expect(ids(openNamed(where.dataDir, "spool.db"))).toEqual(["w0-0", "w0-1", "w0-2"]);
});

test("startDrain ends when it is told to, and keeps what is left", async () => {
  const server = await createNats();
  afterTest(server.stop);
  const drain = start(await twoSpools(), server.url);
  drain.stop();
  expect(await drain.ended).toBe("stopped");
  expect([drain.relayed, drain.left]).toEqual([0, 6]);
});

test("startDrain leaves what the stream refuses for good in quarantine, and stores the others", async () => {
  const server = await nats({ config: "max_payload: 1000" });
  const dataDir = temporaryFolder();
  const spool = openNamed(dataDir, "spool.db");
  await append(spool, "small");
  const large = event("large", { payload: JSON.stringify({ id: "large", filler: "x".repeat(2000) }) });
  await new Promise((resolve) => spool.append(large, copiesOf(large.routes), resolve));
  spool.close();
  const drain = start({ dataDir, names: ["spool.db"] }, server.url);
  expect(await drain.ended).toBe("done");
  expect([drain.relayed, drain.left, drain.quarantined]).toEqual([1, 0, 1]);
  const again = openNamed(dataDir, "spool.db");
  expect(ids(again)).toEqual([]);
  expect(again.quarantined().get("warehouse")?.copies).toBe(1);
});
