import { expect, test } from "bun:test";
import { createNats } from "../support/natsserver.ts";
import { afterTest, deliver, event, openDelivery, putAwayAfterEach, readStream } from "../support/parts.ts";
import { until } from "../support/until.ts";

putAwayAfterEach();

test("createRelay leaves room for new events, which are published before a long backlog is gone", async () => {
  const server = await createNats();
  afterTest(server.stop);
  const delivery = openDelivery({ nats: { servers: [server.url] } });
  const backlog = Array.from({ length: 10_000 }, (_, index) => event(`old-${index}`));
  const spooled = await Promise.all(backlog.map((old) => deliver(delivery, old)));
  expect(new Set(spooled)).toEqual(new Set(["spooled"]));
  await server.start();
  await until("the backlog is on its way", () => delivery.state().spooled < backlog.length);
  expect(await deliver(delivery, event("new"))).toBe("published");
  expect(delivery.state().spooled).toBeGreaterThan(0);
  await until("the backlog is gone", () => delivery.state().spooled === 0);
  const ids = (await readStream(server.url)).map(({ messageId }) => messageId);
  expect(ids).toHaveLength(backlog.length + 1);
  expect(ids.indexOf("new.warehouse")).toBeLessThan(backlog.length);
});
