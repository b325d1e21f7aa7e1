// Streams of retention `interest`, which ack what no consumer wants and do not keep it: on a real nats-server.
import { expect, test } from "bun:test";
import { AckPolicy } from "@nats-io/jetstream";
import { nanos } from "nats";
import type { Layout } from "../../../src/config/layout.ts";
import { administer, type NatsServer } from "../../support/natsserver.ts";
import { nats, putAwayAfterEach } from "../../support/parts.ts";
import { addStreams, connectTo, findAll, layoutOf } from "../../support/streamlook.ts";

putAwayAfterEach();

async function addInterest(server: NatsServer, name = "PIXEL", subjects = ["pixel.>"]): Promise<void> {
  await addStreams(server, {
    name,
    subjects,
    retention: "interest",
    discard: "new",
    duplicate_window: nanos(120_000),
  });
}

async function addConsumer(server: NatsServer, filter: string | string[], stream = "PIXEL"): Promise<void> {
  const filters = typeof filter === "string" ? { filter_subject: filter } : { filter_subjects: filter };
  await administer(server.url, (manager) =>
    manager.consumers.add(stream, {
      ...filters,
      ack_policy: AckPolicy.Explicit,
      durable_name: crypto.randomUUID(),
    }),
  );
}

async function found(server: NatsServer, layout: Layout, name = layout.defaultStream): Promise<string[]> {
  const findings = await findAll(await connectTo(server), layout, 8192, name);
  return findings.map(({ severity, says, cure, isFatal }) => `${severity} ${isFatal} ${says} | ${cure}`);
}

const unwanted = (subjects: string, stream: string, id: string, pattern: string) =>
  `fault false its retention is interest and no consumer wants ${subjects}: it would ack these and not keep them, so they stay in the spool | nats consumer add ${stream} ${id} --filter='${pattern}' --pull --defaults`;

test("inspectStream finds events that no consumer wants, type by type, until one does", async () => {
  const server = await nats();
  await addInterest(server);
  await addConsumer(server, "pixel.warehouse.>");
  const layout = layoutOf();
  expect(await found(server, layout)).toEqual([
    unwanted("pixel.alerts.page, pixel.alerts.track", "PIXEL", "alerts", "pixel.alerts.>"),
  ]);
  await addConsumer(server, "pixel.alerts.track");
  expect(await found(server, layout)).toEqual([
    unwanted("pixel.alerts.page", "PIXEL", "alerts", "pixel.alerts.>"),
  ]);
  await addConsumer(server, "pixel.*.page");
  expect(await found(server, layout)).toEqual([]);
});

test("inspectStream misses no consumer of events that a destination is not sent", async () => {
  const server = await nats();
  await addInterest(server);
  await addConsumer(server, "pixel.warehouse.>");
  await addConsumer(server, "pixel.alerts.track");
  const layout = layoutOf([
    { id: "warehouse" },
    { id: "alerts", events: ["track"] },
    { id: "former", enabled: false },
  ]);
  expect(await found(server, layout)).toEqual([]);
});

test("inspectStream takes a consumer without a filter for one that wants all", async () => {
  const server = await nats();
  await addInterest(server);
  await administer(server.url, (manager) =>
    manager.consumers.add("PIXEL", { ack_policy: AckPolicy.Explicit, durable_name: "all" }),
  );
  expect(await found(server, layoutOf())).toEqual([]);
});

test("inspectStream looks for consumers of a partition's own part", async () => {
  const server = await nats();
  const layout = layoutOf([{ id: "warehouse", stream: "W", partitions: 2 }, { id: "alerts" }]);
  await addInterest(server, "W_0", ["pixel.warehouse.*.0"]);
  await addInterest(server, "W_1", ["pixel.warehouse.*.1"]);
  await addConsumer(server, "pixel.warehouse.*.0", "W_0");
  await addConsumer(server, "pixel.warehouse.page.1", "W_1");
  expect(await found(server, layout, "W_0")).toEqual([]);
  expect(await found(server, layout, "W_1")).toEqual([
    unwanted("pixel.warehouse.track.1", "W_1", "warehouse", "pixel.warehouse.*.1"),
  ]);
});
