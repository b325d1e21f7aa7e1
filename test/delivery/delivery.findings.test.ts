// What delivery does where a stream would lose events without a word: each on a real nats-server.
import { expect, test } from "bun:test";
import { AckPolicy } from "@nats-io/jetstream";
import { administer, type NatsServer } from "../support/natsserver.ts";
import {
  at,
  deliver,
  event,
  nats,
  openDelivery,
  putAwayAfterEach,
  readStream,
  untilUp,
} from "../support/parts.ts";
import { addStreams } from "../support/streamlook.ts";
import { until } from "../support/until.ts";

putAwayAfterEach();

const ALERTS = [{ destinationId: "alerts", subject: "pixel.alerts.page", stream: "PIXEL" }];

function addConsumer({ url }: NatsServer, filter_subject: string): Promise<unknown> {
  return administer(url, (manager) =>
    manager.consumers.add("PIXEL", {
      durable_name: crypto.randomUUID(),
      filter_subject,
      ack_policy: AckPolicy.Explicit,
    }),
  );
}

test("createDelivery keeps events of an interest stream until somebody wants them, and no other waits for that", async () => {
  const server = await nats();
  await addStreams(server, { name: "PIXEL", subjects: ["pixel.>"], retention: "interest" });
  const delivery = openDelivery(at(server));
  await until("it is found", () => delivery.state().findings.length > 0);
  expect(await deliver(delivery, event("early"))).toBe("spooled");

  await addConsumer(server, "pixel.warehouse.>");
  await until("what waits is stored", () => delivery.state().spooled === 0);
  await untilUp(delivery);
  for (let index = 0; index < 5; index++) {
    expect(await deliver(delivery, event(`alert-${index}`, { routes: ALERTS }))).toBe("spooled");
    expect(await deliver(delivery, event(`w${index}`))).toBe("published");
  }
  expect(delivery.state().findings).toMatchObject([
    { stream: "PIXEL", severity: "fault", isFatal: false, cure: expect.stringContaining("'pixel.alerts.>'") },
  ]);

  await addConsumer(server, "pixel.alerts.>");
  await until("what waits is stored", () => delivery.state().spooled === 0);
  expect(delivery.state().findings).toEqual([]);
  const { state } = await administer(server.url, (manager) => manager.streams.info("PIXEL"));
  expect(state.messages).toBe(11);
});

test("createDelivery publishes nothing to a stream that never acks, and stores each event once when it does", async () => {
  const server = await nats();
  await addStreams(server, { name: "PIXEL", subjects: ["pixel.>"], no_ack: true });
  const delivery = openDelivery(at(server));
  await until("it is found", () => delivery.state().findings.length > 0);
  for (let index = 0; index < 5; index++) {
    expect(await deliver(delivery, event(`e${index}`))).toBe("spooled");
  }
  const lastSeq = async () =>
    (await administer(server.url, (manager) => manager.streams.info("PIXEL"))).state.last_seq;
  expect(await lastSeq()).toBe(0);
  await administer(server.url, (manager) => manager.streams.update("PIXEL", { no_ack: false }));
  await until("what waits is stored", () => delivery.state().spooled === 0);
  expect(await readStream(server.url)).toHaveLength(5);
});

test("createDelivery warns at its start of a stream that takes no event as large as a URL allows", async () => {
  const server = await nats();
  await addStreams(server, { name: "PIXEL", subjects: ["pixel.>"], max_msg_size: 4096 });
  const delivery = openDelivery({ ...at(server), maxUrlBytes: 16_384 });
  await until("it is found", () => delivery.state().findings.length > 0);
  expect(delivery.log.lines.join()).toContain("the largest event, of 88KiB, does not fit");
});
