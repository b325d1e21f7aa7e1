// What the publisher makes of a server that answers pings and no more: each on a real nats-server, with a clock that
// the test turns.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { connect } from "nats";
import { createPublisher } from "../../../src/delivery/nats/publisher.ts";
import type { Verdict } from "../../../src/delivery/nats/window.ts";
import type { DeliveryState } from "../../../src/delivery/state.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { createHandClock } from "../../support/clock.ts";
import { administer, startNats } from "../../support/natsserver.ts";
import {
  afterTest,
  deliver,
  event,
  LAYOUT,
  openDelivery,
  putAwayAfterEach,
  readStream,
  recordLog,
  temporaryFolder,
  untilUp,
} from "../../support/parts.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

// May publish and ask, and hears nothing.
const DEAF = `
authorization {
  users: [
    { user: admin, password: a }
    { user: deaf, password: d, permissions: { publish: [">"], subscribe: { deny: ["_INBOX.>"] } } }
  ]
}
no_auth_user: admin
`;

test("createPublisher never says that NATS is up for a user who may not receive acks: events are spooled at once", async () => {
  const server = await startNats({ config: DEAF });
  afterTest(server.stop);
  await untilUp(openDelivery({ nats: { servers: [server.url] } }));
  const told: DeliveryState["nats"][] = [];
  const time = createHandClock();
  const delivery = openDelivery({
    nats: { servers: [server.url], user: "deaf", password: "d" },
    time,
    onStateChange: (nats) => told.push(nats),
  });
  await until("it is known", () => delivery.log.lines.join().includes("Cannot receive acks from NATS"));
  // The clock stands still: nobody can have waited for a deadline.
  for (let index = 0; index < 20; index++) {
    expect(await deliver(delivery, event(`e${index}`))).toBe("spooled");
  }
  // The look-up of the stream has failed by now, for want of an answer; that proves nothing.
  await until("the stream was looked up", () =>
    /left alone|look the stream up/.test(delivery.log.lines.join()),
  );
  expect(delivery.state()).toMatchObject({ nats: "degraded", spooled: 20, inFlight: 0 });
  expect(told).toEqual(["degraded"]);

  // Perhaps the operator has mended it: another connection shows.
  time.advance(10_500);
  await until("it dials again", () => told.filter((nats) => nats === "degraded").length === 2);
  expect(told).toEqual(["degraded", "down", "degraded"]);
});

test("createPublisher lets nobody wait for an ack once it may no longer receive them", async () => {
  const folder = temporaryFolder();
  const grant = (permissions: string) =>
    writeFileSync(
      join(folder, "users.conf"),
      `authorization { users: [{ user: admin, password: a }, { user: gateway, password: g, permissions: ${permissions} }] }\nno_auth_user: admin\n`,
    );
  // It may not look the stream up, and so does not know that this one never acks.
  grant('{ publish: ["pixel.>"], subscribe: [">"] }');
  const server = await startNats({ config: `include "../${basename(folder)}/users.conf"` });
  afterTest(server.stop);
  await administer(server.url, (manager) =>
    manager.streams.add({ name: "PIXEL", subjects: ["pixel.>"], no_ack: true }),
  );
  const credentials = { user: "gateway", password: "g" };
  const delivery = openDelivery({ nats: { servers: [server.url], ...credentials }, time: createHandClock() });
  await untilUp(delivery);
  const answer = deliver(delivery, event("waiting"));
  await until("it is in the stream", async () => (await readStream(server.url)).length === 1);
  grant('{ publish: [">"], subscribe: { deny: ["_INBOX.>"] } }');
  process.kill(server.pid, "SIGHUP");
  // The clock stands still: its deadline never comes.
  expect(await answer).toBe("spooled");
  expect(delivery.state()).toMatchObject({ nats: "degraded", inFlight: 0, spooled: 1 });
});

// Takes whatever is published and has no JetStream: nobody answers, and nothing says that nobody listens.
const MUTE = `
accounts { MUTE { users: [{ user: mute, password: m }] } }
no_auth_user: mute
`;

test("createPublisher gives up a connection on which nothing is answered for ten seconds, and its events are spooled", async () => {
  const server = await startNats({ config: MUTE });
  afterTest(server.stop);
  const listener = await connect({ servers: server.url });
  afterTest(() => listener.close());
  const heard: string[] = [];
  listener.subscribe(">", { callback: (_error, { subject }) => void heard.push(subject) });
  await listener.flush();
  const time = createHandClock();
  const delivery = openDelivery({ nats: { servers: [server.url] }, time });
  const spooled = await deliver(delivery, event("silent"));
  expect(spooled).toBe("spooled");
  // The look-up has no answer: the relay tries with a message.
  await until("it is tried", () => {
    time.advance(200);
    return heard.includes("pixel.warehouse.page");
  });
  expect(delivery.state()).toMatchObject({ nats: "degraded", inFlight: 1 });
  time.advance(9500);
  expect(delivery.log.lines.join()).not.toContain("NATS connection lost");
  time.advance(1000);
  await until("the connection is dropped", () => delivery.log.lines.join().includes("NATS connection lost"));
  expect(delivery.log.lines.join()).toContain("no answer from JetStream");
  expect(delivery.state().spooled).toBe(1);
});

test("createPublisher publishes by the client's public way, and warns, when its inside has another shape", async () => {
  const server = await startNats();
  afterTest(server.stop);
  const log = recordLog();
  const states: string[] = [];
  const publisher = createPublisher({
    nats: { servers: [server.url] },
    layout: LAYOUT,
    log,
    time: systemClock,
    onState: (state) => states.push(state),
    onNews: () => {},
    onAck: undefined,
    openFastPath: () => null,
  });
  afterTest(() => publisher.close());
  await until("NATS is up", () => publisher.state === "up");
  const verdicts: Verdict[] = [];
  for (let index = 0; index < 100; index++) {
    const payload = JSON.stringify({ index, name: "Größe 👋" });
    const outgoing = event(`e${index}`, { payload });
    publisher.publish({ outgoing, onVerdict: (_route, verdict) => verdicts.push(verdict) }, 0, 4000);
  }
  publisher.publishRejected("blog", "{}");
  await until("all are acked", () => verdicts.length === 100);
  expect(new Set(verdicts)).toEqual(new Set(["stored"]));
  const messages = await readStream(server.url);
  expect(messages.at(7)).toEqual({
    subject: "pixel.warehouse.page",
    messageId: "e7.warehouse",
    payload: '{"index":7,"name":"Größe 👋"}',
  });
  expect(messages.at(-1)?.subject).toBe("pixel._rejected.blog");
  expect(log.lines.join()).toContain("the NATS client has another shape than expected");
  expect(log.lines.join()).not.toContain("Cannot connect");
  expect(states).toEqual(["degraded", "up"]);
});
