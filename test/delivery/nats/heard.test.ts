// Who answers for a subject, on real servers: alone, in a cluster, and on a leaf node with its hub.
import { expect, test } from "bun:test";
import { hear, isLook } from "../../../src/delivery/nats/heard.ts";
import { freePort } from "../../support/freeport.ts";
import { administer, patiently, startCluster } from "../../support/natsserver.ts";
import { afterTest, nats, putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { addStreams, connectTo, findAll } from "../../support/streamlook.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

function messagesIn(url: string, name = "PIXEL"): Promise<number> {
  return administer(url, async (manager) => (await manager.streams.info(name)).state.last_seq);
}

test("hear names the stream that takes a pattern, and nothing is stored or delivered as an event", async () => {
  const server = await nats();
  await addStreams(
    server,
    { name: "PIXEL", subjects: ["pixel.a.>"] },
    { name: "PARTS", subjects: ["pixel.b.*.0"] },
    { name: "SILENT", subjects: ["pixel.c.>"], no_ack: true },
  );
  const connection = await connectTo(server);
  const subjects: string[] = [];
  connection.subscribe("pixel.>", { callback: (_error, { subject }) => void subjects.push(subject) });
  const patterns = ["pixel.a.>", "pixel.b.*.0", "pixel.c.>", "pixel.b.*.1", "pixel.a.page"];
  expect(await hear(connection, patterns)).toEqual([
    { pattern: "pixel.a.>", streams: ["PIXEL"] },
    { pattern: "pixel.b.*.0", streams: ["PARTS"] },
    { pattern: "pixel.c.>", streams: [] },
    // The subscription above hears it, and a stream does not: nobody answers.
    { pattern: "pixel.b.*.1", streams: [] },
  ]);
  expect(subjects.toSorted()).toEqual([
    "pixel.a._look",
    "pixel.b._look.0",
    "pixel.b._look.1",
    "pixel.c._look",
  ]);
  expect(subjects.every(isLook)).toBe(true);
  for (const name of ["PIXEL", "PARTS", "SILENT"]) expect(await messagesIn(server.url, name)).toBe(0);
});

test("hear has nobody where nobody listens, and tells nothing of a subject that may not be asked for", async () => {
  const server = await nats({
    config: `
      authorization { users: [{ user: u, password: p, permissions: { publish: ["pixel.a.>"], subscribe: ["_INBOX.>"] } }] }
    `,
  });
  const connection = await connectTo(server, { user: "u", pass: "p" });
  expect(await hear(connection, ["pixel.a.>", "pixel.b.>"])).toEqual([{ pattern: "pixel.a.>", streams: [] }]);
});

test("isLook tells no subject of an event", () => {
  expect(["pixel.a.page", "pixel.a.track.0", "pixel._rejected.blog", "pixel._looks.page"].some(isLook)).toBe(
    false,
  );
});

test("hear has one answer of a stream with three replicas, which stay the same", async () => {
  const servers = await startCluster();
  for (const { stop } of servers) afterTest(stop);
  const url = servers.map((server) => server.url).join(",");
  await administer(url, (manager) =>
    manager.streams.add({ name: "PIXEL", subjects: ["pixel.>"], num_replicas: 3 }),
  );
  for (const server of servers) {
    const connection = await connectTo(server);
    await patiently(async () => {
      expect(await hear(connection, ["pixel.a.>"])).toEqual([{ pattern: "pixel.a.>", streams: ["PIXEL"] }]);
    });
  }
  expect(await messagesIn(url)).toBe(0);
  const connection = await connectTo(servers[0] ?? { url });
  const stored = await connection.request("pixel.a.page", "{}");
  expect(stored.json<{ seq: number }>().seq).toBe(1);
});

test("inspectHeard finds a leaf node and its hub that both hold the stream, from either", async () => {
  const port = await freePort();
  const accounts = `
    accounts {
      SYS { users: [{ user: sys, password: s }] }
      APP { jetstream: enabled, users: [{ user: app, password: a }] }
    }
    system_account: SYS
    no_auth_user: app
  `;
  const storeIn = (domain: string) => `jetstream { store_dir: "${temporaryFolder()}", domain: ${domain} }`;
  const hub = await nats({
    config: `server_name: hub\n${accounts}${storeIn("hub")}\nleafnodes { listen: "127.0.0.1:${port}" }`,
  });
  const remotes = ["app:a", "sys:s"].map((user, index) => {
    return `{ url: "nats://${user}@127.0.0.1:${port}", account: ${index === 0 ? "APP" : "SYS"} }`;
  });
  const leaf = await nats({
    config: `server_name: leaf\n${accounts}${storeIn("leaf")}\nleafnodes { remotes: [${remotes.join(", ")}] }`,
  });
  await addStreams(leaf, { name: "PIXEL", subjects: ["pixel.>"], discard: "new" });
  const onLeaf = await connectTo(leaf);
  expect(await findAll(onLeaf)).toEqual([]);

  await addStreams(hub, { name: "PIXEL", subjects: ["pixel.warehouse.>"], discard: "new" });
  const both = {
    stream: "PIXEL",
    severity: "warning" as const,
    says: "a stream of the same name in another JetStream takes pixel.warehouse.> as well, as on a leaf node and its hub: events are stored in both",
    cure: null,
    isFatal: false,
  };
  await until("both know of each other", async () => (await findAll(onLeaf)).length > 0);
  expect(await findAll(onLeaf)).toEqual([both]);
  const onHub = await connectTo(hub);
  expect(await findAll(onHub)).toEqual([
    expect.objectContaining({ stream: "PIXEL", severity: "warning", says: both.says }),
  ]);

  // Of another name the same is said, and by either name where the other one is.
  await administer(hub.url, (manager) => manager.streams.delete("PIXEL"));
  await addStreams(hub, { name: "CENTRAL", subjects: ["pixel.warehouse.>"] });
  await until("the other one answers", async () => (await findAll(onLeaf))[0]?.says !== both.says);
  expect((await findAll(onLeaf)).map(({ says }) => says)).toEqual([
    "stream CENTRAL in another JetStream takes pixel.warehouse.> as well, as on a leaf node and its hub: events are stored in both",
  ]);
  expect(await messagesIn(leaf.url)).toBe(0);
}, 60_000);
