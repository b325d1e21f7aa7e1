// Streams that are created, kept as configured, or left as their operator made them: each on a real nats-server.
import { expect, test } from "bun:test";
import { nanos } from "nats";
import { ensureStream, lookUpStream } from "../../../src/delivery/nats/stream.ts";
import { compareVersions, natsVersion } from "../../support/natsbinaries.ts";
import { administer } from "../../support/natsserver.ts";
import { nats, putAwayAfterEach, STREAM, temporaryFolder } from "../../support/parts.ts";
import {
  addStreams,
  configOf,
  connectTo,
  ensure,
  layoutOf,
  specOf,
  toldOf,
} from "../../support/streamlook.ts";

putAwayAfterEach();

const MANAGED = "Managed by Pixelgate";

test("ensureStream creates a stream that is missing, marked as Pixelgate's, compressed where the server can", async () => {
  const server = await nats();
  const layout = layoutOf(undefined, { ...STREAM, maxAgeMs: 30_000, maxBytes: 1024 ** 3 });
  expect(await ensure(server, layout)).toMatchObject({ is: "ready", isNew: true, differences: [] });
  const config = await configOf(server);
  expect(config).toMatchObject({
    description: MANAGED,
    subjects: ["pixel.>"],
    retention: "limits",
    storage: "file",
    discard: "new",
    num_replicas: 1,
    max_age: nanos(30_000),
    max_bytes: 1024 ** 3,
    duplicate_window: nanos(30_000),
  });
  const canCompress = compareVersions(natsVersion(), "2.10") >= 0;
  expect(config.compression).toBe(canCompress ? "s2" : undefined);
  expect(await ensure(server, layout)).toMatchObject({
    is: "ready",
    isNew: false,
    changed: [],
    differences: [],
  });
});

test("lookUpStream says that a stream is missing, and makes none", async () => {
  const server = await nats();
  const layout = layoutOf();
  const connection = await connectTo(server);
  const question = { spec: specOf(layout), layout, jetStream: {} };
  expect(await lookUpStream(connection, question)).toEqual({ is: "missing" });
  expect(await administer(server.url, (manager) => manager.streams.names().next())).toEqual([]);
});

test("ensureStream applies age, size and subjects to a stream of Pixelgate's, and keeps what another gateway needs", async () => {
  const server = await nats();
  await addStreams(server, {
    name: "PIXEL",
    description: `${MANAGED}, for the shop`,
    subjects: ["pixel.alerts.>", "shop.>"],
    discard: "new",
    max_age: nanos(72 * 3_600_000),
    duplicate_window: nanos(120_000),
    max_msg_size: 100_000,
  });
  const layout = layoutOf(undefined, { ...STREAM, maxAgeMs: 60_000, maxBytes: 10 * 1024 ** 3 });
  expect(toldOf(await ensure(server, layout))).toEqual({
    changed: [
      "it does not take pixel.>",
      "it keeps messages for 3d, not for 1m",
      "it holds any size, not 10GiB",
    ],
    differences: [],
  });
  expect(await configOf(server)).toMatchObject({
    description: `${MANAGED}, for the shop`,
    subjects: ["shop.>", "pixel.>"],
    max_age: nanos(60_000),
    duplicate_window: nanos(60_000),
    max_bytes: 10 * 1024 ** 3,
    max_msg_size: 100_000,
  });
  expect(toldOf(await ensure(server, layout))).toEqual({ changed: [], differences: [] });
});

test("ensureStream tells what NATS refuses, with its reason and the command, and applies the rest", async () => {
  const server = await nats({
    config: `jetstream { store_dir: "${temporaryFolder()}", max_file_store: 10MB }`,
  });
  await ensure(server, layoutOf());
  const state = await ensure(
    server,
    layoutOf(undefined, { ...STREAM, maxBytes: 1024 ** 3, maxAgeMs: 60_000 }),
  );
  expect(toldOf(state).changed).toEqual(["it keeps messages for 1h, not for 1m"]);
  expect(state).toMatchObject({
    differences: [
      {
        says: expect.stringMatching(/^it holds any size, not 1GiB: insufficient storage/),
        cure: "nats stream edit PIXEL --max-bytes=1GiB",
      },
    ],
  });
});

test("ensureStream without leave to apply changes no setting, but adds subjects that its destinations lack", async () => {
  const server = await nats();
  await addStreams(server, { name: "PIXEL", description: MANAGED, subjects: ["pixel.alerts.>"], max_age: 0 });
  const layout = layoutOf();
  expect(toldOf(await ensure(server, layout, "PIXEL", false))).toEqual({
    changed: ["it does not take pixel.>"],
    differences: ["it keeps messages for ever, not for 1h"],
  });
  expect(await configOf(server)).toMatchObject({ subjects: ["pixel.>"], max_age: 0 });
});

test("ensureStream never changes a stream that is not Pixelgate's, and tells the command for each difference", async () => {
  const server = await nats();
  await addStreams(server, {
    name: "PIXEL",
    description: "ours, not Managed by Pixelgate",
    subjects: ["pixel.alerts.>"],
    retention: "workqueue",
    max_bytes: 2 * 1024 ** 2,
  });
  const before = await configOf(server);
  const state = await ensure(server, layoutOf());
  expect(state).toMatchObject({
    changed: [],
    differences: [
      { says: "it does not take pixel.>", cure: "nats stream edit PIXEL --subjects='pixel.>'" },
      { says: "it keeps messages for ever, not for 1h", cure: "nats stream edit PIXEL --max-age=1h" },
      { says: "it holds 2MiB, not any size", cure: "nats stream edit PIXEL --max-bytes=-1" },
      { says: "its retention is workqueue, not limits", cure: null },
    ],
  });
  expect(await configOf(server)).toEqual(before);
});

test("ensureStream looks in the JetStream domain that it is given", async () => {
  const server = await nats({ config: "server_name: here" });
  const layout = layoutOf();
  const connection = await connectTo(server);
  const question = { spec: specOf(layout), layout, jetStream: { domain: "elsewhere" } };
  expect(await ensureStream(connection, question, true)).toMatchObject({ is: "unknown" });
  expect(await administer(server.url, (manager) => manager.streams.names().next())).toEqual([]);
});

test("ensureStream tells that a retention of interest is not the configured one, and that an editor changes it", async () => {
  const server = await nats();
  await addStreams(server, {
    name: "PIXEL",
    description: MANAGED,
    subjects: ["pixel.>"],
    retention: "interest",
    max_age: nanos(3_600_000),
  });
  expect(await ensure(server, layoutOf())).toMatchObject({
    changed: [],
    differences: [
      { says: "its retention is interest, not limits", cure: "nats stream edit PIXEL --interactive" },
    ],
  });
});
