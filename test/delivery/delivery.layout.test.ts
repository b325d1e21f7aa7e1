// A configuration that changes while events of its destinations are in the spool.
import { expect, test } from "bun:test";
import { setTimeout as sleep } from "node:timers/promises";
import { nanos } from "nats";
import type { Outgoing } from "../../src/delivery/outgoing.ts";
import { resolved, routeOf } from "../support/configuration.ts";
import { administer } from "../support/natsserver.ts";
import { changeStream, countIn } from "../support/neighbours.ts";
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
  untilUp,
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

/** The destination in partitions, each with a stream of its own. */
const { layout: PARTED } = resolved(
  {
    sources: [{ id: "blog", writeKey: "k", destinations: [] }],
    destinations: [{ id: "warehouse", stream: "WAREHOUSE", partitions: 2 }],
  },
  STREAM,
);

/** An event of a visitor, on the way that is theirs. */
function eventOf(visitor: string): Outgoing {
  const route = routeOf(PARTED, "warehouse", "page", visitor);
  return event(`of-${visitor}`, { routes: [route], payload: JSON.stringify({ anonymousId: visitor }) });
}

test("deliver spools the events of the visitors whose partition is full, and publishes those of the others", async () => {
  const server = await nats();
  const delivery = openDelivery({ ...at(server), layout: PARTED });
  await untilUp(delivery);
  await until("both streams are there", () => delivery.state().destinations[0]?.state === "open");
  await changeStream(server.url, "WAREHOUSE_0", { max_msgs: 1 });
  const events = Array.from({ length: 60 }, (_, index) => eventOf(`visitor-${index}`));
  const answers = await Promise.all(events.map((one) => deliver(delivery, one)));
  const ofFull = events.filter(({ routes }) => routes[0]?.stream === "WAREHOUSE_0").length;
  expect(ofFull).toBeGreaterThan(10);
  expect(answers.filter((answer) => answer === "spooled")).toHaveLength(ofFull - 1);
  expect(answers.filter((answer) => answer === "published")).toHaveLength(61 - ofFull);
  const later = Array.from({ length: 40 }, (_, index) => eventOf(`later-${index}`));
  const ofOther = later.filter(({ routes }) => routes[0]?.stream === "WAREHOUSE_1");
  expect(await Promise.all(ofOther.map((one) => deliver(delivery, one)))).toEqual(
    ofOther.map(() => "published"),
  );
  expect(delivery.state()).toMatchObject({ nats: "up", destinations: [{ state: "shut" }] });
  await changeStream(server.url, "WAREHOUSE_0", { max_msgs: -1 });
  await until("the spool is empty", () => delivery.state().spooled === 0);
  expect(await countIn(server.url, "WAREHOUSE_0", "warehouse")).toEqual({ ids: ofFull, twice: 0 });
  expect(await countIn(server.url, "WAREHOUSE_1", "warehouse")).toEqual({
    ids: 60 - ofFull + ofOther.length,
    twice: 0,
  });
});

const source = { id: "blog", writeKey: "k", destinations: [] };
const { layout: BEFORE } = resolved(
  { sources: [source], destinations: [{ id: "ads", stream: "ADS" }, { id: "warehouse" }] },
  STREAM,
);

test("use keeps events of a destination that is gone from a stream that is still there, until the default stream may have them", async () => {
  const server = await nats();
  const delivery = openDelivery({ ...at(server), layout: BEFORE });
  await untilUp(delivery);
  await until("its stream is there", () => delivery.state().destinations[0]?.state === "open");
  // So short a window shows each try as a message of its own.
  await changeStream(server.url, "ADS", { max_msgs: 1, duplicate_window: nanos(100) });
  const routes = [routeOf(BEFORE, "ads", "page", "visitor")];
  expect(await deliver(delivery, event("first", { routes }))).toBe("published");
  expect(await deliver(delivery, event("second", { routes }))).toBe("spooled");

  delivery.use(LAYOUT);
  await changeStream(server.url, "ADS", { max_msgs: -1 });
  await until("it is found", () =>
    delivery.state().findings.some(({ says }) => says.includes("stream ADS takes pixel.ads.* in its place")),
  );
  const stored = () =>
    administer(server.url, async (manager) => (await manager.streams.info("ADS")).state.messages);
  const before = await stored();
  expect(before).toBeLessThanOrEqual(2);
  await sleep(3000);
  expect(await stored()).toBe(before);
  expect(delivery.state().spooled).toBe(1);
  expect(delivery.state().destinations.find(({ id }) => id === "ads")?.state).toBe("shut");

  await administer(server.url, (manager) => manager.streams.delete("ADS"));
  await until("the spool is empty", () => delivery.state().spooled === 0);
  expect(await countIn(server.url, "PIXEL", "ads")).toEqual({ ids: 1, twice: 0 });
});

test("use creates a destination's own stream at once, while the default stream gives up what it is to take", async () => {
  const server = await nats();
  const delivery = openDelivery(at(server));
  await untilUp(delivery);
  delivery.use(BEFORE);
  await until("its stream is there", () => delivery.state().destinations[0]?.state === "open");
  expect(delivery.log.lines.filter((line) => line.includes("Cannot create the stream"))).toEqual([]);
});
