import { expect, test } from "bun:test";
import type { AckListener, Verdict } from "../../src/delivery/nats/window.ts";
import { createRelay, type RelayOptions } from "../../src/delivery/relay.ts";
import { openSpool, type Spool } from "../../src/delivery/spool/spool.ts";
import { createHandClock } from "../support/clock.ts";
import { createNats, startNats } from "../support/natsserver.ts";
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
} from "../support/parts.ts";
import { copiesOf, waiting } from "../support/spools.ts";
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

function openFilled(dataDir: string): Spool {
  const spool = openSpool({ dataDir, maxBytes: 64 * 1024 * 1024, log: recordLog(), clock: Date.now });
  afterTest(() => spool.close());
  return spool;
}

function append(spool: Spool, id: string, mayBeStored: boolean): Promise<boolean> {
  const one = event(id);
  return new Promise((resolve) => spool.append(one, copiesOf(one.routes, { mayBeStored }), resolve));
}

test("createRelay sends first what the stream may have already, each kind oldest first", async () => {
  const dataDir = temporaryFolder();
  const spool = openFilled(dataDir);
  for (const [id, mayBeStored] of [
    ["never-1", false],
    ["maybe-1", true],
    ["never-2", false],
    ["maybe-2", true],
  ] as const) {
    await append(spool, id, mayBeStored);
  }
  spool.close();
  const server = await startNats();
  afterTest(server.stop);
  const delivery = openDelivery({ dataDir, nats: { servers: [server.url] } });
  await until("the spool is empty", () => delivery.state().spooled === 0);
  const ids = (await readStream(server.url)).map(({ messageId }) => messageId.split(".")[0]);
  expect(ids).toEqual(["maybe-1", "maybe-2", "never-1", "never-2"]);
});

/** A way to a stream that answers when the test says so. */
function createStream() {
  let waiting: { listener: AckListener; route: number }[] = [];
  const publisher: RelayOptions["publisher"] = {
    state: "up",
    permit: () => ({ is: "many" }),
    hasRoom: () => true,
    recheck() {},
    publish: (listener, route) => void waiting.push({ listener, route }),
  };
  return {
    publisher,
    inFlight: () => waiting.length,
    answer(verdict: Verdict, reason = "") {
      const answered = waiting;
      waiting = [];
      for (const { listener, route } of answered) listener.onVerdict(route, verdict, reason);
    },
  };
}

test("createRelay puts more on the wire with each ack, and a single event after one stayed unacked", async () => {
  const spool = openFilled(temporaryFolder());
  await Promise.all(Array.from({ length: 400 }, (_, index) => append(spool, `e${index}`, false)));
  const { publisher, inFlight, answer } = createStream();
  const time = createHandClock();
  const relay = createRelay({
    spool,
    publisher,
    layout: () => LAYOUT,
    log: recordLog(),
    time,
    onRelayed: undefined,
  });
  afterTest(relay.stop);
  relay.wake();
  for (const window of [1, 2, 4, 8, 16, 32]) {
    await until(`${window} are on the wire`, () => inFlight() === window);
    answer("stored");
  }
  await until("64 are on the wire", () => inFlight() === 64);
  answer("unacked", "no ack in time");
  await until("something is tried again", () => inFlight() > 0);
  // Were there more to come, it would come in the next turns.
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(inFlight()).toBe(1);
  answer("stored");
  await until("two are on the wire", () => inFlight() === 2);
});

test("createRelay passes over an event that the stream will never take, and sends the others", async () => {
  const spool = openFilled(temporaryFolder());
  for (const id of ["poison", "fine-1", "fine-2"]) await append(spool, id, false);
  const { publisher, inFlight, answer } = createStream();
  const log = recordLog();
  const relay = createRelay({
    spool,
    publisher,
    layout: () => LAYOUT,
    log,
    time: createHandClock(),
    onRelayed: undefined,
  });
  afterTest(relay.stop);
  relay.wake();
  await until("the first is on the wire", () => inFlight() === 1);
  answer("rejected", "message size exceeds maximum allowed");
  for (const left of [2, 1]) {
    await until("the next is on the wire", () => inFlight() === 1);
    expect(spool.rows).toBeGreaterThanOrEqual(left);
    answer("stored");
  }
  await until("they are gone", () => spool.rows === 1);
  expect(waiting(spool, { limit: 10 }).map(({ id }) => id)).toEqual(["poison"]);
  expect(log.lines.join()).toContain("the stream refuses a spooled event, it stays in the spool");
});
