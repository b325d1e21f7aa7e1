// Copies that a stream will never take, and a backlog that may not grow: on a real server.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { openDecided } from "../../src/delivery/spool/decide.ts";
import { administer } from "../support/natsserver.ts";
import { changeStream, countIn, eventFor, OWN_STREAMS, openNeighbours } from "../support/neighbours.ts";
import {
  at,
  deliver,
  nats,
  openDelivery,
  putAwayAfterEach,
  readStream,
  temporaryFolder,
} from "../support/parts.ts";
import { until } from "../support/until.ts";

putAwayAfterEach();

const LARGE = JSON.stringify({ filler: "x".repeat(5000) });

/** A server whose stream of the broken destination takes messages of 2,000 bytes. */
async function narrowServer() {
  const server = await nats();
  await administer(server.url, (manager) =>
    manager.streams.add({ name: "BROKEN", subjects: ["pixel.broken.>"], discard: "new", max_msg_size: 2000 }),
  );
  return server;
}

test("deliver puts the copy that is too large for one destination into quarantine, and publishes the other", async () => {
  const server = await narrowServer();
  const { delivery, send, stateOf, states } = await openNeighbours(OWN_STREAMS, at(server));
  expect(await send("large", 3, ["healthy", "broken"], LARGE)).toEqual(Array(3).fill("quarantined"));
  expect(await send("small", 3, ["healthy", "broken"])).toEqual(Array(3).fill("published"));
  expect(stateOf("broken")).toMatchObject({ state: "open", copies: 0, quarantined: 3 });
  expect(delivery.state()).toMatchObject({ quarantined: 3, quarantineFull: false, spooled: 0 });
  expect(await countIn(server.url, "PIXEL", "healthy")).toEqual({ ids: 6, twice: 0 });
  expect(await countIn(server.url, "BROKEN", "broken")).toEqual({ ids: 3, twice: 0 });
  expect(states).toEqual([]);
});

test("deliver brings what an operator puts back from quarantine to the stream that takes it by now, once", async () => {
  const server = await narrowServer();
  const dataDir = temporaryFolder();
  const { delivery, send, stateOf } = await openNeighbours(OWN_STREAMS, { ...at(server), dataDir });
  expect(await send("large", 30, ["healthy", "broken"], LARGE)).toEqual(Array(30).fill("quarantined"));
  await changeStream(server.url, "BROKEN", { max_msg_size: -1 });
  const path = join(dataDir, "spool.db");
  const maxBytes = 64 * 1024 * 1024;
  const put = openDecided("retry", {
    path,
    destinationId: "broken",
    maxBytes,
    isAlone: false,
    clock: Date.now,
  });
  while (put.next());
  put.close();
  await until("they are stored", () => delivery.state().quarantined === 0 && stateOf("broken").copies === 0);
  expect(await countIn(server.url, "BROKEN", "broken")).toEqual({ ids: 30, twice: 0 });
  expect(await countIn(server.url, "PIXEL", "healthy")).toEqual({ ids: 30, twice: 0 });
});

test("deliver says too large for an event that none of its streams takes, and keeps nothing", async () => {
  const server = await narrowServer();
  const { delivery, send } = await openNeighbours(OWN_STREAMS, at(server));
  expect(await send("large", 2, ["broken"], LARGE)).toEqual(["tooLarge", "tooLarge"]);
  expect(delivery.state()).toMatchObject({ quarantined: 0, spooled: 0 });
});

test("deliver says too large for an event that the server takes nowhere, and keeps the connection", async () => {
  const server = await nats({ config: "max_payload: 10000" });
  const { delivery, send, log } = await openNeighbours(OWN_STREAMS, at(server));
  expect(await send("large", 1, ["healthy", "broken"], "ß".repeat(6000))).toEqual(["tooLarge"]);
  expect(await send("fits", 1, ["healthy", "broken"], "ß".repeat(4500))).toEqual(["published"]);
  expect(delivery.state().quarantined).toBe(0);
  expect(log.lines.join()).not.toContain("NATS connection lost");
});

test("deliver puts a spooled copy that its stream refuses into quarantine, and relays the rest past it", async () => {
  const dataDir = temporaryFolder();
  const first = openDelivery({ layout: OWN_STREAMS, dataDir });
  await deliver(first, eventFor(OWN_STREAMS, "large", ["healthy", "broken"], LARGE));
  for (let index = 0; index < 20; index++) {
    await deliver(first, eventFor(OWN_STREAMS, `e${index}`, ["healthy", "broken"]));
  }
  await first.close(1000);
  const server = await narrowServer();
  const delivery = openDelivery({ ...at(server), layout: OWN_STREAMS, dataDir });
  await until("all is relayed", () => delivery.state().spooled === 0);
  expect(delivery.state().quarantined).toBe(1);
  expect(delivery.log.lines.join()).toContain(
    "a stream refuses a spooled event for good: it is in quarantine",
  );
  expect(await countIn(server.url, "PIXEL", "healthy")).toEqual({ ids: 21, twice: 0 });
  expect(await countIn(server.url, "BROKEN", "broken")).toEqual({ ids: 20, twice: 0 });
});

test("deliver refuses events for a destination over its share of the spool, and no others; mended, it takes them again", async () => {
  const server = await nats();
  const { send, stateOf, untilRelayed } = await openNeighbours(OWN_STREAMS, {
    ...at(server),
    spoolMaxBytes: 4 * 1024 * 1024,
    spoolDestinationShare: 0.25,
  });
  await changeStream(server.url, "BROKEN", { max_msgs: 1 });
  const payload = JSON.stringify({ filler: "x".repeat(10_000) });
  const answers: string[] = [];
  for (let round = 0; round < 20; round++)
    answers.push(...(await send(`both-${round}`, 10, ["healthy", "broken"], payload)));
  const failed = answers.filter((answer) => answer === "failed").length;
  expect(answers.at(-1)).toBe("failed");
  expect(failed).toBeGreaterThan(50);
  expect(failed).toBeLessThan(150);
  expect(stateOf("broken")).toMatchObject({ refused: failed, copies: 199 - failed });
  expect(new Set(await send("alone", 100, ["healthy"], payload))).toEqual(new Set(["published"]));
  // What was refused was sent nowhere.
  expect(await countIn(server.url, "PIXEL", "healthy")).toEqual({ ids: 300 - failed, twice: 0 });
  await changeStream(server.url, "BROKEN", { max_msgs: -1 });
  await untilRelayed();
  expect(await countIn(server.url, "BROKEN", "broken")).toEqual({ ids: 200 - failed, twice: 0 });
  await until("it is open", () => stateOf("broken").state === "open");
  expect(await send("mended", 1, ["healthy", "broken"])).toEqual(["published"]);
  expect((await readStream(server.url)).length).toBe(301 - failed);
}, 60_000);
