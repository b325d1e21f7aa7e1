import { expect, test } from "bun:test";
import type { StreamConfig } from "@nats-io/jetstream";
import { administer } from "../support/natsserver.ts";
import {
  at,
  countIds,
  deliver,
  event,
  nats,
  openDelivery,
  putAwayAfterEach,
  readStream,
  STREAM,
  temporaryFolder,
  untilUp,
} from "../support/parts.ts";
import { until } from "../support/until.ts";

putAwayAfterEach();

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
  // Another destination of the same stream has had no refusal.
  expect(delivery.state().nats).toBe("up");
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
  expect(line).toContain("it keeps messages for 1m, not for 1h: nats stream edit PIXEL --max-age=1h");
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
  const moved = [{ destinationId: "former", subject: "old.former.page", stream: "PIXEL" }];
  await deliver(first, event("from-another-prefix", { routes: moved }));
  await deliver(first, event("page-1"));
  await first.close(1000);

  const delivery = openDelivery({ ...at(server), dataDir });
  await untilUp(delivery);
  await until("the page is drained", () => delivery.state().spooled === 1);
  const track = event("track", {
    routes: [{ destinationId: "alerts", subject: "pixel.alerts.track", stream: "PIXEL" }],
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
  expect(ids.get("from-another-prefix.former")).toBe(1);
  expect(ids.get("track.alerts")).toBe(1);
}, 60_000);
