// A stream whose acks come late or never, on real nats-servers: WAREHOUSE is in a hub behind a link that the test holds
// back, ALERTS in the leaf node that the publisher is connected to. Turning the clock is what makes an ack late.
import { expect, test } from "bun:test";
import { type LeafAndHub, startLeafAndHub } from "../../support/leaf.ts";
import { administer, type NatsServer } from "../../support/natsserver.ts";
import { afterTest, putAwayAfterEach } from "../../support/parts.ts";
import { ALERTS, openTwo, type Two, untilOpen, WAREHOUSE } from "../../support/twodestinations.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

const add = ({ url }: NatsServer, name: string, subject: string) =>
  administer(url, (manager) => manager.streams.add({ name, subjects: [subject] }));

/** Both destinations are open, and the hub's acks arrive. */
async function openOverLink(): Promise<LeafAndHub & { two: Two }> {
  const servers = await startLeafAndHub();
  await add(servers.hub, "WAREHOUSE", "pixel.warehouse.>");
  await add(servers.leaf, "ALERTS", "pixel.alerts.>");
  const nats = { servers: [servers.leaf.url], user: "gateway", password: "g" };
  const two = openTwo(servers.leaf.url, { nats });
  await untilOpen(two);
  await until("the hub takes events", async () => {
    two.time.advance(2000);
    return (await two.send(WAREHOUSE, "first"))[0] === "stored";
  });
  await untilOpen(two);
  return { ...servers, two };
}

async function expectAlertsGoOn(two: Two): Promise<void> {
  const before = two.time.now();
  const ids = Array.from({ length: 50 }, (_, index) => `alert-${before}-${index}`);
  expect(two.takes(ALERTS)).toBe(true);
  const verdicts = await Promise.all(ids.map((id) => two.send(ALERTS, id)));
  expect(new Set(verdicts.map(([verdict]) => verdict))).toEqual(new Set(["stored"]));
  expect([two.time.now(), two.state, two.connections()]).toEqual([before, "up", 1]);
}

test("takes sends no client to a stream that acks late, while permit lets the relay go on and finds it prompt again", async () => {
  const { two, link } = await openOverLink();
  link.delayMs = 300;
  const late = two.send(WAREHOUSE, "late");
  two.time.advance(800);
  expect(two.takes(WAREHOUSE)).toBe(true);
  two.time.advance(400);
  expect([two.takes(WAREHOUSE), two.permit(WAREHOUSE)]).toEqual([false, { is: "many" }]);
  expect(two.destinations()).toContainEqual({
    id: "warehouse",
    state: "slow",
    reason: "the stream acks later than a client should wait",
    sinceMs: expect.any(Number),
  });
  await expectAlertsGoOn(two);
  expect(await late).toEqual(["stored", ""]);
  // Sent before it was slow: no proof that it is prompt.
  expect(two.takes(WAREHOUSE)).toBe(false);
  link.delayMs = 0;
  expect(await two.send(WAREHOUSE, "prompt", 8000)).toEqual(["stored", ""]);
  expect(two.takes(WAREHOUSE)).toBe(true);
});

test("publish gives copies up after their deadline and shuts the stream's gate, and the connection is kept whatever the silence", async () => {
  const { two, hub } = await openOverLink();
  hub.freeze();
  afterTest(() => hub.thaw());
  const lost = two.send(WAREHOUSE, "lost");
  two.time.advance(2000);
  expect(await lost).toEqual(["unacked", "no ack in time"]);
  // What was sent before it was slow does not make it worse.
  expect([two.takes(WAREHOUSE), two.permit(WAREHOUSE).is]).toEqual([false, "many"]);
  const relayed = two.send(WAREHOUSE, "lost", 8000);
  two.time.advance(8000);
  expect(await relayed).toEqual(["unacked", "no ack in time"]);
  expect([two.takes(WAREHOUSE), two.permit(WAREHOUSE).is]).toEqual([false, "none"]);
  await expectAlertsGoOn(two);
  // Nothing else is sent: it is for JetStream to say that somebody is there.
  for (let second = 0; second < 30; second++) {
    if (two.permit(WAREHOUSE).is === "one") void two.send(WAREHOUSE, `try-${second}`);
    two.time.advance(1000);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await expectAlertsGoOn(two);
  hub.thaw();
  await until("it is stored", async () => {
    two.time.advance(2000);
    return (await two.send(WAREHOUSE, "lost", 8000))[0] === "stored";
  });
});

test("findings tells of a stream that a leaf node and its hub both hold, and each message is stored all the same", async () => {
  const { leaf, hub } = await startLeafAndHub();
  for (const server of [leaf, hub]) {
    await add(server, "WAREHOUSE", "pixel.warehouse.>");
    await add(server, "ALERTS", "pixel.alerts.>");
  }
  const two = openTwo(leaf.url, { nats: { servers: [leaf.url], user: "gateway", password: "g" } });
  await untilOpen(two);
  await until("both have acked a message", async () => {
    expect((await two.send(WAREHOUSE, `event-${two.time.now()}`))[0]).toBe("stored");
    two.time.advance(1);
    return two.findings().length > 0;
  });
  const [finding, ...others] = two.findings();
  expect(others).toEqual([]);
  expect(finding).toMatchObject({ stream: "WAREHOUSE", severity: "warning", isFatal: false });
  expect(finding?.says).toMatch(
    /^each message is stored twice: stream "WAREHOUSE" in JetStream domain "(hub|leaf)" takes it, too/,
  );
  expect(two.log.lines.join()).toContain("a message was stored by two streams");
  await expectAlertsGoOn(two);
});
