// What delivery does where a leaf node's stream goes away and its hub has one of the same name: real nats-servers, and the
// spool between.
import { expect, test } from "bun:test";
import { startLeafAndHub } from "../support/leaf.ts";
import { administer } from "../support/natsserver.ts";
import { at, deliver, event, openDelivery, putAwayAfterEach, readStream, untilUp } from "../support/parts.ts";
import { addStreams } from "../support/streamlook.ts";
import { until } from "../support/until.ts";

putAwayAfterEach();

test("createDelivery spools what the hub alone has stored, and sends it once the leaf's stream is made again", async () => {
  const { leaf, hub } = await startLeafAndHub();
  for (const server of [hub, leaf]) await addStreams(server, { name: "PIXEL", subjects: ["pixel.>"] });
  const delivery = openDelivery(at(leaf));
  await untilUp(delivery);
  let sent = 0;
  await until("the hub stores events, too", async () => {
    expect(await deliver(delivery, event(`before-${sent++}`))).toBe("published");
    return (await readStream(hub.url)).length > 0;
  });
  await administer(leaf.url, (manager) => manager.streams.delete("PIXEL"));
  const ids = Array.from({ length: 20 }, (_, index) => `after-${index}`);
  const verdicts = await Promise.all(ids.map((id) => deliver(delivery, event(id))));
  expect(new Set(verdicts)).toEqual(new Set(["spooled"]));
  await until("what waits is stored", () => delivery.state().spooled === 0);
  const { state } = await administer(leaf.url, (manager) => manager.streams.info("PIXEL"));
  expect(state.messages).toBe(ids.length);
});

test("createDelivery creates the stream in the domain that is set, through a leaf node, and stores events there", async () => {
  const { leaf, hub } = await startLeafAndHub();
  const delivery = openDelivery({ nats: { servers: [leaf.url], jetStreamDomain: "hub" } });
  await untilUp(delivery);
  await until("the stream is created", () => delivery.log.lines.join().includes("created the stream"));
  expect(await deliver(delivery, event("one"))).toBe("published");
  const namesAt = (url: string) => administer(url, (manager) => manager.streams.names().next());
  expect([await namesAt(hub.url), await namesAt(leaf.url)]).toEqual([["PIXEL"], []]);
  expect((await readStream(hub.url)).map(({ messageId }) => messageId)).toEqual(["one.warehouse"]);
});
