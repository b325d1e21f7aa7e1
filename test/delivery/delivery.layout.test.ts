// A configuration that changes while events of its destinations are in the spool.
import { expect, test } from "bun:test";
import { resolved } from "../support/configuration.ts";
import {
  at,
  deliver,
  event,
  LAYOUT,
  nats,
  openDelivery,
  putAwayAfterEach,
  readStream,
  STREAM,
} from "../support/parts.ts";
import { until } from "../support/until.ts";

putAwayAfterEach();

test("use has spooled events go where the configuration says now", async () => {
  const server = await nats();
  const { layout } = resolved(
    { sources: [{ id: "blog", writeKey: "k", destinations: [] }], destinations: [{ id: "warehouse" }] },
    { ...STREAM, prefix: "elsewhere" },
  );
  const delivery = openDelivery({ ...at(server), layout });
  const routes = [{ destinationId: "warehouse", subject: "elsewhere.warehouse.page", stream: "PIXEL" }];
  expect(await deliver(delivery, event("one", { routes }))).toBe("spooled");
  delivery.use(LAYOUT);
  await until("the spool is empty", () => delivery.state().spooled === 0);
  expect(await readStream(server.url)).toEqual([
    { subject: "pixel.warehouse.page", messageId: "one.warehouse", payload: JSON.stringify({ id: "one" }) },
  ]);
});
