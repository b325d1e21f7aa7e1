import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { administer, createNats } from "../support/natsserver.ts";
import {
  afterTest,
  at,
  countIds,
  deliver,
  event,
  nats,
  openDelivery,
  putAwayAfterEach,
  readStream,
  temporaryFolder,
  untilUp,
} from "../support/parts.ts";
import { until } from "../support/until.ts";

putAwayAfterEach();

test("deliver spools what is in flight when the server dies, and nothing is stored twice", async () => {
  const server = await nats();
  const delivery = openDelivery(at(server));
  await untilUp(delivery);
  server.freeze();
  const answers = Array.from({ length: 300 }, (_, index) => deliver(delivery, event(`e${index}`)));
  await until("they are on the wire", () => delivery.state().inFlight === 300);
  await new Promise((resolve) => setTimeout(resolve, 100));
  await server.kill();
  expect(new Set(await Promise.all(answers))).toEqual(new Set(["spooled"]));
  await server.start();
  await until("the spool is empty", () => delivery.state().spooled === 0);
  const counts = countIds(await readStream(server.url));
  expect(counts.size).toBe(300);
  expect([...counts.values()].every((count) => count === 1)).toBe(true);
}, 40_000);

test("deliver spools what a frozen server does not ack, and the twins are not stored", async () => {
  const server = await nats();
  const delivery = openDelivery(at(server));
  await untilUp(delivery);
  server.freeze();
  const answers = Array.from({ length: 300 }, (_, index) => deliver(delivery, event(`e${index}`)));
  expect(new Set(await Promise.all(answers))).toEqual(new Set(["spooled"]));
  expect(delivery.state().nats).not.toBe("up");
  server.thaw();
  await until("the spool is empty", () => delivery.state().spooled === 0);
  const counts = countIds(await readStream(server.url));
  expect(counts.size).toBe(300);
  expect([...counts.values()].every((count) => count === 1)).toBe(true);
}, 40_000);

test("deliver puts what the stream refuses, before its new limit is known, into quarantine, and the others go on", async () => {
  const server = await nats();
  const delivery = openDelivery(at(server));
  await untilUp(delivery);
  await administer(server.url, async (manager) => {
    const { config } = await manager.streams.info("PIXEL");
    await manager.streams.update("PIXEL", { ...config, max_msg_size: 2000 });
  });
  const payload = JSON.stringify({ filler: "x".repeat(5000) });
  const [large, small] = await Promise.all([
    deliver(delivery, event("large", { payload })),
    deliver(delivery, event("small")),
  ]);
  expect([large, small]).toEqual(["quarantined", "published"]);
  expect(delivery.log.lines.join()).toContain("a stream refuses an event for good: it is in quarantine");
});

test("createDelivery goes on with another server of the list", async () => {
  const [away, server] = [await createNats(), await nats()];
  afterTest(away.stop);
  const delivery = openDelivery({ nats: { servers: [away.url, server.url] } });
  await untilUp(delivery);
  expect(await deliver(delivery, event("one"))).toBe("published");
});

test("createDelivery sets a damaged spool aside and starts", async () => {
  const dataDir = temporaryFolder();
  await Bun.write(join(dataDir, "spool.db"), "garbage ".repeat(4000));
  const delivery = openDelivery({ dataDir });
  expect(await deliver(delivery, event("one"))).toBe("spooled");
  expect(readdirSync(dataDir).some((name) => name.startsWith("spool.db.damaged-"))).toBe(true);
});

function throwing(): never {
  throw new Error("the answer failed");
}

test("deliver goes on when an answer throws: the others of the same turn are settled, from the spool and from acks", async () => {
  const server = await createNats();
  afterTest(server.stop);
  const delivery = openDelivery(at(server));
  for (const fate of ["spooled", "published"] as const) {
    if (fate === "published") {
      await server.start();
      await untilUp(delivery);
    }
    // One turn: one transaction, or one write and one read of acks.
    delivery.deliver(event(`${fate}-0`), throwing);
    const others = Array.from({ length: 50 }, (_, index) => deliver(delivery, event(`${fate}-${index + 1}`)));
    expect(new Set(await Promise.all(others))).toEqual(new Set([fate]));
    await until("the spool is empty", () => fate === "spooled" || delivery.state().spooled === 0);
  }
  expect(delivery.log.lines.join()).toContain("an answer failed by a fault of the gateway");
  expect(countIds(await readStream(server.url)).size).toBe(102);
});
