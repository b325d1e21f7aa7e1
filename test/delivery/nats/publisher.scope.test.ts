// One destination in trouble, each kind on a real nats-server: the other one's copies are stored without a wait, on the same
// connection, and the broken one's as soon as it is mended.
import { expect, test } from "bun:test";
import type { StreamConfig } from "@nats-io/jetstream";
import { LONGEST_STREAM_MS } from "../../../src/delivery/gate.ts";
import { administer, startNats } from "../../support/natsserver.ts";
import { afterTest, event, putAwayAfterEach } from "../../support/parts.ts";
import { ALERTS, openTwo, type Two, untilOpen, WAREHOUSE } from "../../support/twodestinations.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

async function server(config?: string) {
  const started = await startNats(config === undefined ? {} : { config });
  afterTest(started.stop);
  return started;
}

/** Changes the settings of a stream, as its operator does. */
function edit(url: string, stream: string, settings: Partial<StreamConfig>): Promise<unknown> {
  return administer(url, async (manager) => {
    const { config } = await manager.streams.info(stream);
    return await manager.streams.update(stream, { ...config, ...settings });
  });
}

/** The clock stands still: what is stored has not waited. */
async function expectAlertsGoOn(two: Two): Promise<void> {
  const before = two.time.now();
  const ids = Array.from({ length: 50 }, (_, index) => `alert-${before}-${index}`);
  expect(two.takes(ALERTS)).toBe(true);
  expect(two.permit(ALERTS)).toEqual({ is: "many" });
  const verdicts = await Promise.all(ids.map((id) => two.send(ALERTS, id)));
  expect(new Set(verdicts.map(([verdict]) => verdict))).toEqual(new Set(["stored"]));
  expect(two.time.now()).toBe(before);
  expect(two.state).toBe("up");
  expect(two.connections()).toBe(1);
  expect(two.destinations().find(({ id }) => id === "alerts")?.state).toBe("open");
}

const warehouse = (two: Two) => two.destinations().find(({ id }) => id === "warehouse");

for (const [what, limits, room] of [
  ["a stream that is full", { max_msgs: 1 }, { max_msgs: 100 }],
  [
    "a subject that is full in its stream",
    { max_msgs_per_subject: 1, discard_new_per_subject: true },
    { max_msgs_per_subject: 100 },
  ],
] as const) {
  test(`publish to ${what} shuts the gate of its destination alone, and one copy tries it`, async () => {
    const { url } = await server();
    const two = openTwo(url);
    await untilOpen(two);
    await edit(url, "WAREHOUSE", { discard: "new" as StreamConfig["discard"], ...limits });
    expect(await two.send(WAREHOUSE, "first")).toEqual(["stored", ""]);
    const [verdict, reason] = await two.send(WAREHOUSE, "second");
    expect([verdict, reason]).toEqual(["unacked", expect.stringMatching(/maximum messages.* \(10077\)$/)]);
    expect(warehouse(two)).toEqual({ id: "warehouse", state: "shut", reason, sinceMs: 0 });
    const untilMs = two.time.now() + 250;
    expect([two.takes(WAREHOUSE), two.permit(WAREHOUSE)]).toEqual([false, { is: "none", untilMs }]);
    await expectAlertsGoOn(two);

    two.time.advance(250);
    expect([two.takes(WAREHOUSE), two.permit(WAREHOUSE)]).toEqual([true, { is: "one" }]);
    const trying = two.send(WAREHOUSE, "third");
    const never = Number.POSITIVE_INFINITY;
    expect([two.takes(WAREHOUSE), two.permit(WAREHOUSE)]).toEqual([false, { is: "none", untilMs: never }]);
    expect((await trying)[0]).toBe("unacked");
    expect(two.permit(WAREHOUSE)).toEqual({ is: "none", untilMs: two.time.now() + 500 });
    await edit(url, "WAREHOUSE", room);
    two.time.advance(500);
    expect(await two.send(WAREHOUSE, "fourth")).toEqual(["stored", ""]);
    expect([two.takes(WAREHOUSE), two.permit(WAREHOUSE)]).toEqual([true, { is: "many" }]);
    expect(two.log.lines.join()).toContain('events are published again {"destination":"warehouse"}');
  });
}

const NARROW = (mayPublish: string) => `
authorization {
  users: [
    { user: admin, password: a }
    { user: gateway, password: g, permissions: { publish: ${mayPublish}, subscribe: [">"] } }
  ]
}
no_auth_user: admin
`;

test("publish to a subject that is denied shuts the gate of its destination alone, and costs no connection", async () => {
  const denied = '{ allow: [">"], deny: ["pixel.warehouse.>"] }';
  const one = await server(NARROW(denied));
  const two = openTwo(one.url, { nats: { servers: [one.url], user: "gateway", password: "g" } });
  await untilOpen(two);
  const verdicts = await Promise.all(["a", "b", "c"].map((id) => two.send(WAREHOUSE, id)));
  for (const verdict of verdicts) {
    expect(verdict).toEqual(["unacked", "publishing to the subject is not permitted"]);
  }
  expect(warehouse(two)?.state).toBe("shut");
  await expectAlertsGoOn(two);
  // No answer comes for what is denied; it is no silence of the connection's.
  for (const _ of Array(6)) {
    two.time.advance(LONGEST_STREAM_MS * 2);
    await two.send(WAREHOUSE, "again");
  }
  await expectAlertsGoOn(two);
  await one.reload(NARROW('[">"]'));
  two.time.advance(15_000);
  await until("it is granted", async () => {
    two.time.advance(15_000);
    return (await two.send(WAREHOUSE, "granted"))[0] === "stored";
  });
  expect(two.takes(WAREHOUSE)).toBe(true);
});

test("publish to a stream that was deleted shuts its gate alone, until the look-up has made it again", async () => {
  const { url } = await server();
  const two = openTwo(url);
  await untilOpen(two);
  await administer(url, (manager) => manager.streams.delete("WAREHOUSE"));
  expect(await two.send(WAREHOUSE, "lost")).toEqual([
    "unacked",
    "no stream takes the subject, or it has no leader",
  ]);
  expect(warehouse(two)?.state).toBe("shut");
  await expectAlertsGoOn(two);
  two.time.advance(1000);
  await until("it is there again", () => warehouse(two)?.state === "open");
  expect(await two.send(WAREHOUSE, "again")).toEqual(["stored", ""]);
  expect(two.connections()).toBe(1);
});

test("publish to a stream that is sealed shuts its gate alone", async () => {
  const { url } = await server();
  const two = openTwo(url);
  await untilOpen(two);
  await edit(url, "WAREHOUSE", { sealed: true });
  const [verdict, reason] = await two.send(WAREHOUSE, "late");
  expect([verdict, reason]).toEqual(["unacked", expect.stringContaining("(10109)")]);
  expect(warehouse(two)?.state).toBe("shut");
  await expectAlertsGoOn(two);
});

for (const [path, options] of [
  ["fast", {}],
  ["public", { openFastPath: () => null }],
] as const) {
  test(`publish believes no ack of another stream, by the ${path} path`, async () => {
    const { url } = await server();
    const two = openTwo(url, options);
    await untilOpen(two);
    // The clock stands still: no look-up tells of it before the ack does.
    await edit(url, "WAREHOUSE", { subjects: ["elsewhere.>"] });
    const subjects = ["pixel.warehouse.>"];
    await administer(url, (manager) => manager.streams.add({ name: "WAREHOUSES", subjects }));
    const astray = two.send(WAREHOUSE, "astray");
    // On the wire behind it: its ack has been read when this one's is.
    await until("it is answered", async () => {
      await two.send(ALERTS, "behind");
      return (await administer(url, (manager) => manager.streams.info("WAREHOUSES"))).state.messages === 1;
    });
    await two.send(ALERTS, "behind that");
    two.time.advance(600);
    expect(await astray).toEqual(["unacked", 'stream "WAREHOUSES" takes the subject']);
    expect([two.takes(WAREHOUSE), warehouse(two)?.state]).toEqual([false, "shut"]);
    expect(two.findings()).toContainEqual({
      stream: "WAREHOUSE",
      severity: "fault",
      says: 'stream "WAREHOUSES" takes "pixel.warehouse.page", so that its events are not in "WAREHOUSE"; they are kept in the spool',
      cure: null,
      isFatal: false,
    });
    expect(two.log.lines.join()).toContain("another stream takes the subject: its acks are not believed");
    await expectAlertsGoOn(two);
  });
}

test("publish refuses for good what is larger than the server or the stream takes, to the byte", async () => {
  const { url } = await server("max_payload: 20000");
  const two = openTwo(url);
  let sent = 0;
  /** What is told of a message of so many bytes beforehand, and what becomes of it. */
  async function both(route: typeof WAREHOUSE, bytes: number) {
    // A stream looks for twins before it looks at sizes.
    const id = `large${sent++}`;
    const ofHeader = "NATS/1.0\r\nNats-Msg-Id: \r\n\r\n".length + `${id}.${route.destinationId}`.length;
    const outgoing = event(id, { payload: "x".repeat(bytes - ofHeader), routes: [route] });
    return [two.tooLarge(outgoing, route), ...(await two.sendEvent(outgoing))];
  }
  await untilOpen(two);
  const overServer = "message is larger than the server's max_payload of 20000";
  expect(await both(ALERTS, 20_000)).toEqual([null, "stored", ""]);
  expect(await both(ALERTS, 20_001)).toEqual([overServer, "rejected", overServer]);

  await edit(url, "WAREHOUSE", { max_msg_size: 1000 });
  // Not known yet: the stream says it, and that concerns no other message.
  expect(await both(WAREHOUSE, 1001)).toEqual([null, "rejected", expect.stringContaining("(10054)")]);
  expect(two.takes(WAREHOUSE)).toBe(true);
  two.time.advance(1000);
  const overStream = "message is larger than the stream's max_msg_size of 1000";
  await until("the limit is known", () => two.tooLarge(event("x".repeat(1000)), WAREHOUSE) !== null);
  expect(await both(WAREHOUSE, 1000)).toEqual([null, "stored", ""]);
  // Who sends it all the same, as the relay does, hears it from the stream, whose limit may be another by now.
  expect(await both(WAREHOUSE, 1001)).toEqual([overStream, "rejected", expect.stringContaining("(10054)")]);
  // That look finds the old limit.
  two.time.advance(1000);
  await edit(url, "WAREHOUSE", { max_msg_size: -1 });
  expect(await both(WAREHOUSE, 1001)).toEqual([overStream, "stored", ""]);
  two.time.advance(1000);
  await until("the new limit is known", () => two.tooLarge(event("x".repeat(1000)), WAREHOUSE) === null);
  await expectAlertsGoOn(two);
});

test("tooLarge knows no limit before there was a connection", () => {
  const two = openTwo("nats://127.0.0.1:1");
  expect(two.tooLarge(event("large", { payload: "x".repeat(2_000_000) }), WAREHOUSE)).toBe(null);
});
