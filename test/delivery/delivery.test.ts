import { expect, test } from "bun:test";
import { readSpool } from "../../src/delivery/spool/reader.ts";
import { createNats } from "../support/natsserver.ts";
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

test("deliver publishes one message a route: subject, message id and payload", async () => {
  const server = await nats();
  const delivery = openDelivery(at(server));
  await untilUp(delivery);
  const payload = JSON.stringify({ name: "Größe 👋 \u2028", filler: "x".repeat(3000) });
  const routes = [
    { destinationId: "warehouse", subject: "pixel.warehouse.track", stream: "PIXEL" },
    { destinationId: "alerts", subject: "pixel.alerts.track", stream: "PIXEL" },
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
