import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { StreamConfig } from "@nats-io/jetstream";
import { readSpool } from "../../src/delivery/spool/reader.ts";
import {
  administer,
  createNats,
  type NatsOptions,
  type NatsServer,
  startNats,
} from "../support/natsserver.ts";
import {
  afterTest,
  countIds,
  deliver,
  event,
  openDelivery,
  putAwayAfterEach,
  readStream,
  STREAM,
  temporaryFolder,
  untilUp,
} from "../support/parts.ts";
import { until } from "../support/until.ts";

putAwayAfterEach();

async function nats(options?: NatsOptions): Promise<NatsServer> {
  const server = await startNats(options);
  afterTest(server.stop);
  return server;
}

const at = (server: NatsServer) => ({ nats: { servers: [server.url] } });

test("createDelivery creates the stream as the contract says", async () => {
  const server = await nats();
  await untilUp(openDelivery({ ...at(server), stream: { ...STREAM, maxBytes: 1_000_000 } }));
  const { config } = await administer(server.url, (manager) => manager.streams.info("PIXEL"));
  const expected: Partial<StreamConfig> = {
    name: "PIXEL",
    subjects: ["pixel.>"],
    retention: "limits",
    storage: "file",
    discard: "new",
    num_replicas: 1,
    max_age: 3_600_000 * 1e6,
    max_bytes: 1_000_000,
    duplicate_window: 120 * 1e9,
  };
  expect(config).toMatchObject(expected);
});

test("deliver publishes one message a route: subject, message id and payload", async () => {
  const server = await nats();
  const delivery = openDelivery(at(server));
  await untilUp(delivery);
  const payload = JSON.stringify({ name: "Größe 👋 \u2028", filler: "x".repeat(3000) });
  const routes = [
    { destinationId: "warehouse", subject: "pixel.warehouse.track" },
    { destinationId: "alerts", subject: "pixel.alerts.track" },
  ];
  expect(await deliver(delivery, event("id-1", { type: "track", payload, routes }))).toBe("published");
  expect(await readStream(server.url)).toEqual([
    { subject: "pixel.warehouse.track", messageId: "id-1.warehouse", payload },
    { subject: "pixel.alerts.track", messageId: "id-1.alerts", payload },
  ]);
});

test("deliver publishes payloads of every size whole and in order", async () => {
  const server = await nats();
  const delivery = openDelivery(at(server));
  await untilUp(delivery);
  const sizes = [0, 1, 9, 10, 99, 100, 999, 4095, 4096, 65_535, 131_072, 200_000, 500_000];
  const payloads = sizes.map((size, index) => (index % 2 === 0 ? "x" : "ß").repeat(size));
  const answers = await Promise.all(
    payloads.map((payload, index) => deliver(delivery, event(`s${index}`, { payload }))),
  );
  expect(new Set(answers)).toEqual(new Set(["published"]));
  expect((await readStream(server.url)).map(({ payload }) => payload)).toEqual(payloads);
});

test("deliver lets no client text into the protocol, and keeps ids that differ apart", async () => {
  const server = await nats();
  const delivery = openDelivery(at(server));
  await untilUp(delivery);
  const ids = ["a\r\nNats-Rollup: all", "a b", "a%20b", "a\u0000b", "\ud800", "ü"];
  for (const id of ids) expect(await deliver(delivery, event(id))).toBe("published");
  const messages = await readStream(server.url);
  expect(messages.map(({ messageId }) => messageId)).toEqual([
    "a%0D%0ANats-Rollup%3A%20all.warehouse",
    "a%20b.warehouse",
    "a%2520b.warehouse",
    "a%00b.warehouse",
    "%EF%BF%BD.warehouse",
    "%C3%BC.warehouse",
  ]);
});

test("deliver stores an id once", async () => {
  const server = await nats();
  const delivery = openDelivery(at(server));
  await untilUp(delivery);
  const answers = await Promise.all([deliver(delivery, event("same")), deliver(delivery, event("same"))]);
  expect(answers).toEqual(["published", "published"]);
  expect(await readStream(server.url)).toHaveLength(1);
});

test("deliver spools without NATS, and the events stay", async () => {
  const dataDir = temporaryFolder();
  const delivery = openDelivery({ dataDir });
  expect(await deliver(delivery, event("one"))).toBe("spooled");
  expect(delivery.state()).toMatchObject({ nats: "off", spooled: 1, inFlight: 0, spool: "open" });
  expect(delivery.state().oldestSpooledMs).toBeGreaterThanOrEqual(0);
  await delivery.close(1000);
  expect(await deliver(delivery, event("late"))).toBe("failed");
  expect(readSpool(dataDir, { afterSeq: 0, limit: 10 }).map(({ id }) => id)).toEqual(["one"]);
});

test("deliver spools at once while NATS is away, and drains oldest first when it appears", async () => {
  const server = await createNats();
  afterTest(server.stop);
  let drained = 0;
  const delivery = openDelivery({
    ...at(server),
    onRelayed: (events) => {
      drained += events;
    },
  });
  for (let index = 0; index < 500; index++) {
    expect(await deliver(delivery, event(`e${index}`))).toBe("spooled");
  }
  expect(delivery.state()).toMatchObject({ nats: "down", spooled: 500 });
  await server.start();
  await until("the spool is empty", () => delivery.state().spooled === 0);
  expect(await deliver(delivery, event("last"))).toBe("published");
  const messages = await readStream(server.url);
  expect(messages.map(({ messageId }) => messageId)).toEqual([
    ...Array.from({ length: 500 }, (_, index) => `e${index}.warehouse`),
    "last.warehouse",
  ]);
  expect(drained).toBe(500);
});

test("deliver drains what an earlier process has spooled", async () => {
  const dataDir = temporaryFolder();
  const first = openDelivery({ dataDir });
  await deliver(first, event("early"));
  await first.close(1000);
  const server = await nats();
  const delivery = openDelivery({ ...at(server), dataDir });
  await until("the spool is empty", () => delivery.state().spooled === 0);
  expect((await readStream(server.url)).map(({ messageId }) => messageId)).toEqual(["early.warehouse"]);
});

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

test("deliver creates a deleted stream again, and what was refused meanwhile is in it", async () => {
  const server = await nats();
  const delivery = openDelivery(at(server));
  await untilUp(delivery);
  expect(await deliver(delivery, event("before"))).toBe("published");
  await administer(server.url, (manager) => manager.streams.delete("PIXEL"));
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, index) => deliver(delivery, event(`e${index}`))),
  );
  expect(answers).not.toContain("failed");
  await until("the spool is empty", () => delivery.state().spooled === 0);
  await untilUp(delivery);
  expect(countIds(await readStream(server.url)).size).toBe(100);
});

test("deliver spools while the stream is full, and drains when it has room", async () => {
  const server = await nats();
  const delivery = openDelivery({ ...at(server), stream: { ...STREAM, maxBytes: 20_000 } });
  await untilUp(delivery);
  const payload = JSON.stringify({ filler: "x".repeat(1000) });
  const answers: string[] = [];
  for (let index = 0; index < 40; index++) {
    answers.push(await deliver(delivery, event(`e${index}`, { payload })));
  }
  expect(answers[0]).toBe("published");
  expect(answers.at(-1)).toBe("spooled");
  expect(answers).not.toContain("failed");
  expect(delivery.state().nats).toBe("degraded");
  await administer(server.url, async (manager) => {
    const { config } = await manager.streams.info("PIXEL");
    await manager.streams.update("PIXEL", { ...config, max_bytes: 1_000_000 });
  });
  await until("the spool is empty", () => delivery.state().spooled === 0);
  await untilUp(delivery);
  const counts = countIds(await readStream(server.url));
  expect(counts.size).toBe(40);
  expect([...counts.values()].every((count) => count === 1)).toBe(true);
});

test("deliver fails an event that the stream will never take, and the others go on", async () => {
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
  expect([large, small]).toEqual(["failed", "published"]);
  expect(delivery.log.lines.join()).toContain("the stream refuses an event");
});

test("deliver keeps a spooled event that the stream refuses, and drains the rest past it", async () => {
  const server = await nats({ config: "max_payload: 10000" });
  const dataDir = temporaryFolder();
  const first = openDelivery({ dataDir });
  await deliver(first, event("large", { payload: "x".repeat(50_000) }));
  for (let index = 0; index < 50; index++) await deliver(first, event(`e${index}`));
  await first.close(1000);
  const delivery = openDelivery({ ...at(server), dataDir });
  await until("the others are drained", () => delivery.state().spooled === 1);
  expect(delivery.log.lines.join()).toContain("the stream refuses a spooled event, it stays in the spool");
  expect(await deliver(delivery, event("new"))).toBe("published");
  expect(countIds(await readStream(server.url)).size).toBe(51);
  expect(readSpool(dataDir, { afterSeq: 0, limit: 10 }).map(({ id }) => id)).toEqual(["large"]);
});

test("deliver fails an event larger than the server takes, and keeps the connection", async () => {
  const server = await nats({ config: "max_payload: 10000" });
  const delivery = openDelivery(at(server));
  await untilUp(delivery);
  expect(await deliver(delivery, event("large", { payload: "ß".repeat(6000) }))).toBe("failed");
  expect(await deliver(delivery, event("fits", { payload: "ß".repeat(4500) }))).toBe("published");
  expect(delivery.log.lines.join()).not.toContain("NATS connection lost");
});

const USERS = `
authorization {
  users: [
    { user: admin, password: secret-a }
    { user: gateway, password: secret-g, permissions: { publish: ["pixel.>"], subscribe: ["_INBOX.>"] } }
    { user: narrow, password: secret-n, permissions: { publish: ["pixel.warehouse.>"], subscribe: ["_INBOX.>"] } }
  ]
}
no_auth_user: admin
`;

test("createDelivery works for a user who may publish and not administer", async () => {
  const server = await nats({ config: USERS });
  await untilUp(openDelivery(at(server)));
  const url = server.url.replace("nats://", "nats://gateway:secret-g@");
  const delivery = openDelivery({ nats: { servers: [url] } });
  await untilUp(delivery);
  expect(await deliver(delivery, event("one"))).toBe("published");
  expect(delivery.log.lines.join()).toContain("the stream is left alone");
  expect(delivery.log.lines.join()).not.toContain("secret");
});

test("deliver spools for a subject that the user may not publish to, without holding up the others", async () => {
  const server = await nats({ config: USERS });
  await untilUp(openDelivery(at(server)));
  const delivery = openDelivery({ nats: { servers: [server.url], user: "narrow", password: "secret-n" } });
  await untilUp(delivery);
  const denied = event("denied", { routes: [{ destinationId: "alerts", subject: "pixel.alerts.page" }] });
  expect(await deliver(delivery, denied)).toBe("spooled");
  expect(await deliver(delivery, { ...denied, id: "denied-too" })).toBe("spooled");
  expect(await deliver(delivery, event("allowed"))).toBe("published");
  expect(delivery.log.lines.join()).toContain(
    "Cannot publish: the NATS user has no permission for the subject",
  );
});

test("deliver spools only the routes without an ack", async () => {
  const server = await nats({ config: USERS });
  await untilUp(openDelivery(at(server)));
  const dataDir = temporaryFolder();
  const delivery = openDelivery({
    nats: { servers: [server.url], user: "narrow", password: "secret-n" },
    dataDir,
  });
  await untilUp(delivery);
  const routes = [
    { destinationId: "warehouse", subject: "pixel.warehouse.page" },
    { destinationId: "alerts", subject: "pixel.alerts.page" },
  ];
  expect(await deliver(delivery, event("both", { routes }))).toBe("spooled");
  await delivery.close(1000);
  expect(readSpool(dataDir, { afterSeq: 0, limit: 10 }).map((one) => one.routes)).toEqual([routes.slice(1)]);
  expect((await readStream(server.url)).map(({ messageId }) => messageId)).toEqual(["both.warehouse"]);
});

test("createDelivery reports a stream that overlaps with another, and spools until it is gone", async () => {
  const server = await nats();
  await administer(server.url, (manager) =>
    manager.streams.add({ name: "OTHER", subjects: ["pixel.warehouse.>"] }),
  );
  const delivery = openDelivery(at(server));
  await until("it is reported", () =>
    delivery.log.lines.some((line) => line.includes("Cannot create the stream")),
  );
  expect(delivery.log.lines.join()).toContain("overlap");
  expect(await deliver(delivery, event("one"))).toBe("spooled");
  await administer(server.url, (manager) => manager.streams.delete("OTHER"));
  await until("the spool is empty", () => delivery.state().spooled === 0);
  expect((await readStream(server.url)).map(({ messageId }) => messageId)).toEqual(["one.warehouse"]);
});

test("createDelivery reports the settings of a stream that differ, and uses it as it is", async () => {
  const server = await nats();
  await administer(server.url, (manager) =>
    manager.streams.add({ name: "PIXEL", subjects: ["pixel.>"], storage: "memory", max_age: 60 * 1e9 }),
  );
  const delivery = openDelivery(at(server));
  await untilUp(delivery);
  const line = delivery.log.lines.find((text) => text.includes("the stream exists with other settings"));
  expect(line).toContain('storage is \\"memory\\", not \\"file\\"');
  expect(await deliver(delivery, event("one"))).toBe("published");
  const { config } = await administer(server.url, (manager) => manager.streams.info("PIXEL"));
  expect(config.storage).toBe("memory");
});

test("deliver spools for a subject that the stream does not take, and the others go on", async () => {
  const server = await nats();
  await administer(server.url, (manager) =>
    manager.streams.add({ name: "PIXEL", subjects: ["pixel.*.page"] }),
  );
  const dataDir = temporaryFolder();
  const first = openDelivery({ dataDir });
  const moved = [{ destinationId: "warehouse", subject: "old.warehouse.page" }];
  await deliver(first, event("from-another-prefix", { routes: moved }));
  await deliver(first, event("page-1"));
  await first.close(1000);

  const delivery = openDelivery({ ...at(server), dataDir });
  await untilUp(delivery);
  await until("the page is drained", () => delivery.state().spooled === 1);
  const track = event("track", {
    routes: [{ destinationId: "warehouse", subject: "pixel.warehouse.track" }],
  });
  expect(await deliver(delivery, track)).toBe("spooled");
  for (let index = 2; index < 20; index++) {
    expect(await deliver(delivery, event(`page-${index}`))).toBe("published");
  }
  expect(delivery.state().nats).toBe("up");
  expect(delivery.log.lines.join()).toContain("the stream does not take the subject");
  await administer(server.url, async (manager) => {
    const { config } = await manager.streams.info("PIXEL");
    await manager.streams.update("PIXEL", { ...config, subjects: ["pixel.>", "old.>"] });
  });
  await until("the spool is empty", () => delivery.state().spooled === 0);
  const ids = countIds(await readStream(server.url));
  expect(ids.get("from-another-prefix.warehouse")).toBe(1);
  expect(ids.get("track.warehouse")).toBe(1);
}, 60_000);

test("createDelivery names a refused password and keeps trying", async () => {
  const server = await nats({ config: USERS });
  const delivery = openDelivery({ nats: { servers: [server.url], user: "gateway", password: "wrong-one" } });
  await until("it is reported", () => delivery.log.lines.some((line) => /authorization/i.test(line)));
  expect(delivery.log.lines.join()).not.toContain("wrong-one");
  expect(await deliver(delivery, event("one"))).toBe("spooled");
});

test("createDelivery goes on with another server of the list", async () => {
  const [away, server] = [await createNats(), await nats()];
  afterTest(away.stop);
  const delivery = openDelivery({ nats: { servers: [away.url, server.url] } });
  await untilUp(delivery);
  expect(await deliver(delivery, event("one"))).toBe("published");
});

test("close spools what has no ack and leaves it to the next process", async () => {
  const server = await nats();
  const dataDir = temporaryFolder();
  const delivery = openDelivery({ ...at(server), dataDir });
  await untilUp(delivery);
  server.freeze();
  const answers = Array.from({ length: 50 }, (_, index) => deliver(delivery, event(`e${index}`)));
  await delivery.close(300);
  expect(new Set(await Promise.all(answers))).toEqual(new Set(["spooled"]));
  expect(readSpool(dataDir, { afterSeq: 0, limit: 100 })).toHaveLength(50);
  server.thaw();
  const next = openDelivery({ ...at(server), dataDir });
  await until("the spool is empty", () => next.state().spooled === 0);
  expect(countIds(await readStream(server.url)).size).toBe(50);
});

test("close waits for the acks of what is in flight", async () => {
  const server = await nats();
  const delivery = openDelivery(at(server));
  await untilUp(delivery);
  const answers = Array.from({ length: 200 }, (_, index) => deliver(delivery, event(`e${index}`)));
  await delivery.close(5000);
  expect(new Set(await Promise.all(answers))).toEqual(new Set(["published"]));
  expect(await readStream(server.url)).toHaveLength(200);
});

test("publishRejected publishes beside the events, bounded, and nothing while NATS is away", async () => {
  const server = await nats();
  const delivery = openDelivery(at(server));
  delivery.publishRejected("blog", '{"reason":"too early"}');
  await untilUp(delivery);
  delivery.publishRejected("blog", '{"reason":"größe"}');
  expect(await deliver(delivery, event("one"))).toBe("published");
  const messages = await readStream(server.url);
  expect(messages.map(({ subject, payload }) => [subject, payload])).toEqual([
    ["pixel._rejected.blog", '{"reason":"größe"}'],
    ["pixel.warehouse.page", '{"id":"one"}'],
  ]);
  for (let index = 0; index < 5000; index++) delivery.publishRejected("blog", "{}");
  await deliver(delivery, event("two"));
  const refused = (await readStream(server.url)).filter(({ subject }) => subject === "pixel._rejected.blog");
  expect(refused.length).toBeGreaterThan(500);
  expect(refused.length).toBeLessThanOrEqual(2001);
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
