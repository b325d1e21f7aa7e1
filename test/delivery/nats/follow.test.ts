import { expect, test } from "bun:test";
import { type JetStreamManager, jetstream, jetstreamManager, type StreamConfig } from "@nats-io/jetstream";
import { connect } from "nats";
import type { Layout } from "../../../src/config/layout.ts";
import type { FollowOptions } from "../../../src/delivery/followed.ts";
import { followStreams } from "../../../src/delivery/nats/follow.ts";
import type { NatsOptions } from "../../../src/delivery/nats/servers.ts";
import { freePort } from "../../support/freeport.ts";
import { patiently } from "../../support/natsserver.ts";
import { nats, putAwayAfterEach, STREAM } from "../../support/parts.ts";

putAwayAfterEach();

const { replicas, maxAgeMs, maxBytes } = STREAM;
const SUBJECTS: Readonly<Record<string, readonly string[]>> = {
  PIXEL: ["pixel.blog.>", "pixel.shop.>", "pixel._rejected.>"],
  WAREHOUSE_0: ["pixel.warehouse.*.0"],
  WAREHOUSE_1: ["pixel.warehouse.*.1"],
  // Two destinations name the same.
  COMMON: ["pixel.mail.>", "pixel.crm.>"],
};
const LAYOUT: Layout = {
  prefix: "pixel",
  defaultStream: "PIXEL",
  streams: new Map(
    Object.entries(SUBJECTS).map(([name, subjects]) => [
      name,
      { name, subjects, replicas, maxAgeMs, maxBytes },
    ]),
  ),
  destinations: new Map(
    Object.entries({
      blog: ["PIXEL"],
      shop: ["PIXEL"],
      warehouse: ["WAREHOUSE_0", "WAREHOUSE_1"],
      mail: ["COMMON"],
      crm: ["COMMON"],
    }).map(([id, streams]) => [id, { id, streams, types: [] }]),
  ),
};

/** Does something with full rights on a connection. */
async function administer(
  url: string,
  act: (manager: JetStreamManager, publish: (subject: string) => Promise<unknown>) => Promise<unknown>,
): Promise<void> {
  const connection = await connect({ servers: url });
  try {
    const manager = await patiently(() => jetstreamManager(connection, { timeout: 3000 }));
    await act(manager, (subject) => jetstream(connection).publish(subject, `event of ${subject}`));
  } finally {
    await connection.close();
  }
}

/** Creates each stream of the layout, changed as `changes` says, or none where it says null. */
async function createStreams(
  url: string,
  changes: Readonly<Record<string, Partial<StreamConfig> | null>> = {},
): Promise<void> {
  await administer(url, async (manager) => {
    for (const [name, subjects] of Object.entries(SUBJECTS)) {
      if (changes[name] === null) continue;
      await manager.streams.add({ name, subjects: [...subjects], ...changes[name] });
    }
  });
}

const publish = (url: string, subjects: readonly string[]) =>
  administer(url, async (_manager, publishOne) => {
    for (const subject of subjects) await publishOne(subject);
  });

const EVENTS = [
  "pixel._rejected.blog",
  "pixel.blog.page",
  "pixel.shop.page",
  "pixel.warehouse.page.0",
  "pixel.mail.page",
  "pixel.crm.track",
  "pixel.warehouse.track.1",
];

interface Found {
  readonly subjects: string[];
  readonly skipped: string[];
}

/** The first `count` of what is followed. */
async function follow(nats: NatsOptions, destinationId: string | null, count: number): Promise<Found> {
  const found: Found = { subjects: [], skipped: [] };
  const options: FollowOptions = { destinationId, isFromStart: true };
  const followed = followStreams(nats, LAYOUT, options, (reason) => void found.skipped.push(reason));
  for await (const { subject, destinationId, payload } of followed) {
    expect(payload).toBe(`event of ${subject}`);
    expect(subject).toStartWith(`pixel.${destinationId}.`);
    found.subjects.push(subject);
    if (found.subjects.length === count) break;
  }
  found.subjects.sort();
  return found;
}

const FOLLOWED: readonly [what: string, destinationId: string | null, subjects: readonly string[]][] = [
  ["a destination of the default stream", "shop", ["pixel.shop.page", "pixel.shop.track"]],
  [
    "a destination with partitions",
    "warehouse",
    ["pixel.warehouse.page.0", "pixel.warehouse.track.0", "pixel.warehouse.track.1"],
  ],
  ["a destination that shares a stream", "crm", ["pixel.crm.page", "pixel.crm.track"]],
];
for (const [what, destinationId, subjects] of FOLLOWED) {
  test(`followStreams follows ${what}, and no other`, async () => {
    const { url } = await nats();
    // Somebody has the streams take more than the layout says.
    await createStreams(url, {
      WAREHOUSE_0: { subjects: ["pixel.warehouse.*.0", "pixel.former.>", "other.>"] },
    });
    await publish(url, ["pixel.former.page", "other.warehouse.page", ...EVENTS]);
    const last = subjects.filter((subject) => !EVENTS.includes(subject));
    await publish(url, ["pixel.blog.track", "pixel.mail.track", ...last]);
    const found = await follow({ servers: [url] }, destinationId, subjects.length);
    expect(found).toEqual({ subjects: [...subjects], skipped: [] });
  });
}

test("followStreams follows all destinations, and no refused request", async () => {
  const { url } = await nats();
  await createStreams(url);
  await publish(url, EVENTS);
  const { subjects } = await follow({ servers: [url] }, null, EVENTS.length - 1);
  expect(subjects).toEqual(EVENTS.filter((subject) => !subject.includes("_rejected")).toSorted());
});

const WORK_QUEUE =
  "stream WAREHOUSE_1 is a work queue: each event is for one reader that acknowledges it, and who only looks is not let in";

test("followStreams leaves a work queue and a missing stream out, says why, and reads the others", async () => {
  const { url } = await nats();
  await createStreams(url, { COMMON: null, WAREHOUSE_1: { retention: "workqueue" } });
  await publish(url, ["pixel.warehouse.page.1", "pixel.blog.page", "pixel.warehouse.page.0"]);
  expect(await follow({ servers: [url] }, null, 2)).toEqual({
    subjects: ["pixel.blog.page", "pixel.warehouse.page.0"],
    skipped: [WORK_QUEUE, "stream COMMON: stream not found"],
  });
  await expect(follow({ servers: [url] }, "mail", 1)).rejects.toThrow("stream COMMON: stream not found");
});

test("followStreams reads the streams of a JetStream domain through a leaf node", async () => {
  const leafPort = await freePort();
  const hub = await nats({
    domain: "hub",
    config: `server_name: hub\nleafnodes { listen: "127.0.0.1:${leafPort}" }`,
  });
  const leaf = await nats({
    domain: "leaf",
    config: `server_name: leaf\nleafnodes { remotes: [{ url: "nats://127.0.0.1:${leafPort}" }] }`,
  });
  await createStreams(hub.url);
  await publish(hub.url, ["pixel.blog.page"]);
  const servers = [leaf.url];
  const found = await patiently(() => follow({ servers, jetStreamDomain: "hub" }, "blog", 1));
  expect(found.subjects).toEqual(["pixel.blog.page"]);
  await expect(follow({ servers }, "blog", 1)).rejects.toThrow("stream PIXEL: stream not found");
});
