// A leaf node and its hub that both have a stream WAREHOUSE, each in its JetStream domain, on real nats-servers: only the
// leaf's is the expected one.
import { expect, test } from "bun:test";
import { startLeafAndHub } from "../../support/leaf.ts";
import { administer, type NatsServer } from "../../support/natsserver.ts";
import { putAwayAfterEach } from "../../support/parts.ts";
import { ALERTS, openTwo, untilOpen, WAREHOUSE } from "../../support/twodestinations.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

const SUBJECTS = { WAREHOUSE: "pixel.warehouse.>", ALERTS: "pixel.alerts.>" } as const;

const add = ({ url }: NatsServer, name: keyof typeof SUBJECTS) =>
  administer(url, (manager) => manager.streams.add({ name, subjects: [SUBJECTS[name]] }));

const count = ({ url }: NatsServer) =>
  administer(url, async (manager) => (await manager.streams.info("WAREHOUSE")).state.messages);

for (const [path, options] of [
  ["fast", {}],
  ["public", { openFastPath: () => null }],
] as const) {
  test(`publish believes no ack of the hub's stream of the same name once the leaf's is gone, by the ${path} path`, async () => {
    const { leaf, hub } = await startLeafAndHub();
    await add(hub, "WAREHOUSE");
    await add(leaf, "WAREHOUSE");
    await add(leaf, "ALERTS");
    const two = openTwo(leaf.url, options);
    await untilOpen(two);
    // The link is up, and the bytes of the leaf's acks are known.
    await until("both have a message", async () => {
      expect(await two.send(WAREHOUSE, `before-${two.time.now()}`)).toEqual(["stored", ""]);
      two.time.advance(1);
      return (await count(hub)) > 0;
    });
    // The clock stands still: no look-up makes it again before the ack comes.
    await administer(leaf.url, (manager) => manager.streams.delete("WAREHOUSE"));
    const before = await count(hub);
    const astray = two.send(WAREHOUSE, "astray");
    await until("the hub has it", async () => (await count(hub)) > before);
    let verdict: readonly [string, string] | null = null;
    void astray.then((heard) => {
      verdict = heard;
    });
    await until("it is judged", async () => {
      await two.send(ALERTS, `behind-${two.time.now()}`);
      two.time.advance(100);
      return verdict !== null;
    });
    expect(await astray).toEqual([
      "unacked",
      'stream "WAREHOUSE" in JetStream domain "hub" takes the subject',
    ]);
    expect(two.takes(WAREHOUSE)).toBe(false);
    expect(two.log.lines.join()).toContain("another stream takes the subject: its acks are not believed");
    await until("it is made again", async () => {
      two.time.advance(1000);
      return (await count(leaf).catch(() => null)) === 0;
    });
    // Whoever spooled it sends it again.
    expect(await two.send(WAREHOUSE, "astray")).toEqual(["stored", ""]);
    expect(await count(leaf)).toBe(1);
  });
}
