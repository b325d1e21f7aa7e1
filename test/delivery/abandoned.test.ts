// Spools of workers that no longer run, drained to a real server by a process that does.

import { expect, test } from "bun:test";
import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { readSpool } from "../../src/delivery/spool/reader.ts";
import { createHandClock } from "../support/clock.ts";
import { createNats, type NatsServer, startNats } from "../support/natsserver.ts";
import {
  afterTest,
  countIds,
  deliver,
  event,
  openDelivery,
  putAwayAfterEach,
  readStream,
  temporaryFolder,
} from "../support/parts.ts";
import { until } from "../support/until.ts";

putAwayAfterEach();

async function keepUntilEnd(server: Promise<NatsServer>): Promise<NatsServer> {
  const nats = await server;
  afterTest(() => nats.stop());
  return nats;
}

/** A folder in which each of `count` workers has spooled an event of its own, `e0` that of the first. */
async function leaveSpools(count: number): Promise<string> {
  const dataDir = temporaryFolder();
  for (let index = 0; index < count; index++) {
    const worker = openDelivery({ dataDir, slot: { index, count } });
    expect(await deliver(worker, event(`e${index}`))).toBe("spooled");
    await worker.close(500);
  }
  return dataDir;
}

const spoolsIn = (dataDir: string) => readdirSync(dataDir).filter((name) => name.endsWith(".db"));

test("createDelivery drains the spools of former workers and removes their files", async () => {
  const nats = await keepUntilEnd(startNats());
  const dataDir = await leaveSpools(4);
  const delivery = openDelivery({ dataDir, nats: { servers: [nats.url] } });
  await until("one spool is left", () => spoolsIn(dataDir).length === 1);
  expect(spoolsIn(dataDir)).toEqual(["spool.db"]);
  await until("all is drained", () => delivery.state().spooled === 0);
  const ids = countIds(await readStream(nats.url));
  const expected = ["e0", "e1", "e2", "e3"].map((id): [string, number] => [`${id}.warehouse`, 1]);
  expect([...ids].toSorted()).toEqual(expected);
});

test("createDelivery counts the spools of former workers while NATS is away, and drains them when it comes", async () => {
  const nats = await keepUntilEnd(createNats());
  const dataDir = await leaveSpools(3);
  const delivery = openDelivery({ dataDir, nats: { servers: [nats.url] } });
  expect(delivery.state().spooled).toBe(3);
  expect(spoolsIn(dataDir)).toHaveLength(3);
  await nats.start();
  await until("one spool is left", () => spoolsIn(dataDir).length === 1);
  expect(countIds(await readStream(nats.url)).size).toBe(3);
});

test("createDelivery leaves the spools of workers that run alone, and the first worker alone looks for others", async () => {
  const nats = await keepUntilEnd(startNats());
  const dataDir = await leaveSpools(4);
  const second = openDelivery({
    dataDir,
    nats: { servers: [nats.url] },
    slot: { index: 1, count: 2 },
  });
  await until("the second has drained its own", async () => countIds(await readStream(nats.url)).size === 1);
  await until("its spool is empty", () => second.state().spooled === 0);
  expect(spoolsIn(dataDir)).toHaveLength(4);
  openDelivery({ dataDir, nats: { servers: [nats.url] }, slot: { index: 0, count: 2 } });
  await until("two spools are left", () => spoolsIn(dataDir).length === 2);
  expect(spoolsIn(dataDir).toSorted()).toEqual(["spool-1.db", "spool.db"]);
  expect(countIds(await readStream(nats.url)).size).toBe(4);
});

test("createDelivery touches no spool that a former worker still writes", async () => {
  const nats = await keepUntilEnd(startNats());
  const dataDir = temporaryFolder();
  const former = openDelivery({ dataDir, slot: { index: 1, count: 2 } });
  expect(await deliver(former, event("early"))).toBe("spooled");
  const delivery = openDelivery({ dataDir, nats: { servers: [nats.url] } });
  await until("it is seen", () => delivery.log.lines.some((line) => line.includes("is in use")));
  expect(await deliver(former, event("late"))).toBe("spooled");
  expect(spoolsIn(dataDir)).toHaveLength(2);
  await former.close(500);
  await until("its spool is gone", () => spoolsIn(dataDir).length === 1);
  expect([...countIds(await readStream(nats.url)).keys()].toSorted()).toEqual([
    "early.warehouse",
    "late.warehouse",
  ]);
});

/** A delivery that has relayed the one event of a former worker's spool, and has not looked again since. */
async function relayOneOf(dataDir: string) {
  const nats = await keepUntilEnd(startNats());
  const time = createHandClock();
  const delivery = openDelivery({ dataDir, nats: { servers: [nats.url] }, time });
  await until("the event is relayed", async () => countIds(await readStream(nats.url)).has("e1.warehouse"));
  await until("its row is gone", () => {
    time.advance(5);
    return delivery.state().spooled === 0;
  });
  return { nats, time, delivery };
}

test("createDelivery leaves an empty spool whose worker has come back, and what it spools is kept", async () => {
  const dataDir = await leaveSpools(2);
  const { time } = await relayOneOf(dataDir);
  const back = openDelivery({ dataDir, slot: { index: 1, count: 2 } });
  expect(await deliver(back, event("late"))).toBe("spooled");
  time.advance(1000);
  expect(spoolsIn(dataDir)).toHaveLength(2);
  await back.close(500);
  expect(readSpool(dataDir, { afterSeq: 0, limit: 10, name: "spool-1.db" }).map(({ id }) => id)).toEqual([
    "late",
  ]);
});

test("createDelivery leaves a spool whose worker came back, spooled and went: its event is relayed, too", async () => {
  const dataDir = await leaveSpools(2);
  const { nats, time, delivery } = await relayOneOf(dataDir);
  const back = openDelivery({ dataDir, slot: { index: 1, count: 2 } });
  expect(await deliver(back, event("late"))).toBe("spooled");
  await back.close(500);
  time.advance(1000);
  expect(spoolsIn(dataDir)).toHaveLength(2);
  await until("it is relayed, and the file is gone", () => {
    time.advance(1000);
    return spoolsIn(dataDir).length === 1;
  });
  expect(delivery.log.lines.join()).toContain("removed the empty spool of a former worker");
  expect(countIds(await readStream(nats.url)).get("late.warehouse")).toBe(1);
});

test("createDelivery brings back what a damaged file of a former worker holds, though its spool is gone", async () => {
  const nats = await keepUntilEnd(startNats());
  const dataDir = await leaveSpools(2);
  renameSync(join(dataDir, "spool-1.db"), join(dataDir, "spool-1.db.damaged-20261125T000000Z"));
  const delivery = openDelivery({ dataDir, nats: { servers: [nats.url] } });
  await until("one spool is left", () => spoolsIn(dataDir).length === 1 && delivery.state().spooled === 0);
  await until(
    "its event is there",
    async () => countIds(await readStream(nats.url)).get("e1.warehouse") === 1,
  );
  expect(readdirSync(dataDir)).toContain("spool-1.db.salvaged-20261125T000000Z");
});

test("createDelivery keeps the file of a former worker while a copy of it is in quarantine, and counts that", async () => {
  const dataDir = await leaveSpools(2);
  const nats = await keepUntilEnd(startNats({ config: "max_payload: 2000" }));
  const worker = openDelivery({ dataDir, slot: { index: 1, count: 2 } });
  const payload = JSON.stringify({ filler: "x".repeat(5000) });
  expect(await deliver(worker, event("large", { payload }))).toBe("spooled");
  await worker.close(500);
  const time = createHandClock();
  const delivery = openDelivery({ dataDir, nats: { servers: [nats.url] }, time });
  await until("all is relayed", () => {
    time.advance(5);
    return delivery.state().spooled === 0;
  });
  for (let second = 0; second < 3; second++) time.advance(1000);
  expect(spoolsIn(dataDir).toSorted()).toEqual(["spool-1.db", "spool.db"]);
  expect(delivery.state()).toMatchObject({ quarantined: 1, spooled: 0 });
  expect([...countIds(await readStream(nats.url)).keys()].toSorted()).toEqual([
    "e0.warehouse",
    "e1.warehouse",
  ]);
});
