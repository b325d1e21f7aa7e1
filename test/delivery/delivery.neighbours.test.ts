// One destination never harms another: each fault of a neighbour, on a real server.
import { expect, test } from "bun:test";
import { administer } from "../support/natsserver.ts";
import {
  changeStream,
  countIn,
  layoutFor,
  ONE_STREAM,
  OWN_STREAMS,
  openNeighbours,
} from "../support/neighbours.ts";
import { at, nats, putAwayAfterEach } from "../support/parts.ts";
import { until } from "../support/until.ts";

putAwayAfterEach();

const count = (answers: readonly string[], wanted: string) =>
  answers.filter((answer) => answer === wanted).length;

test("deliver spools the copies of a destination whose own stream is full, and the other has no wait, no row and no reconnect", async () => {
  const server = await nats();
  const { send, states, stateOf, log, untilRelayed } = await openNeighbours(OWN_STREAMS, at(server));
  await changeStream(server.url, "BROKEN", { max_msgs: 10 });
  const both = await send("both", 200, ["healthy", "broken"]);
  expect([count(both, "published"), count(both, "spooled")]).toEqual([10, 190]);
  expect(stateOf("broken")).toMatchObject({ state: "shut", copies: 190 });
  for (let round = 0; round < 5; round++) {
    const alone = await send(`alone-${round}`, 100, ["healthy"]);
    expect(count(alone, "published")).toBe(100);
    expect(stateOf("healthy")).toMatchObject({ state: "open", reason: "", copies: 0 });
  }
  expect(await countIn(server.url, "PIXEL", "healthy")).toEqual({ ids: 700, twice: 0 });
  expect(states).toEqual([]);
  expect(log.lines.join()).not.toContain("NATS connection lost");
  await changeStream(server.url, "BROKEN", { max_msgs: -1 });
  await untilRelayed();
  expect(await countIn(server.url, "BROKEN", "broken")).toEqual({ ids: 200, twice: 0 });
  await until("it is open", () => stateOf("broken").state === "open");
  expect(count(await send("mended", 10, ["broken"]), "published")).toBe(10);
}, 60_000);

test("deliver spools the copies of a destination whose subject is full, and the other goes on in the same stream", async () => {
  const server = await nats();
  await administer(server.url, (manager) =>
    manager.streams.add({
      name: "PIXEL",
      subjects: ["pixel.>"],
      discard: "new",
      discard_new_per_subject: true,
      max_msgs_per_subject: 300,
    }),
  );
  const { send, states, stateOf, untilRelayed } = await openNeighbours(ONE_STREAM, at(server));
  const filling = await send("filling", 400, ["broken"]);
  expect([count(filling, "published"), count(filling, "spooled")]).toEqual([300, 100]);
  const both = await send("both", 100, ["healthy", "broken"]);
  expect(count(both, "spooled")).toBe(100);
  const alone = await send("alone", 100, ["healthy"]);
  expect(count(alone, "published")).toBe(100);
  expect(stateOf("healthy")).toMatchObject({ state: "open", copies: 0 });
  expect(stateOf("broken")).toMatchObject({ state: "shut", copies: 200 });
  expect(states).toEqual([]);
  await changeStream(server.url, "PIXEL", { max_msgs_per_subject: 1000 });
  await untilRelayed();
  expect(await countIn(server.url, "PIXEL", "broken")).toEqual({ ids: 500, twice: 0 });
  expect(await countIn(server.url, "PIXEL", "healthy")).toEqual({ ids: 200, twice: 0 });
}, 60_000);

const USERS = (denied: string) => `
authorization {
  users: [
    { user: admin, password: secret-a }
    { user: gateway, password: secret-g, permissions: { publish: { allow: [">"], deny: [${denied}] } } }
  ]
}
no_auth_user: admin
`;

test("deliver spools the copies that the user may not publish, and the connection stays", async () => {
  const server = await nats({ config: USERS('"pixel.broken.>"') });
  const options = { nats: { servers: [server.url], user: "gateway", password: "secret-g" } };
  const { delivery, send, states, stateOf, log } = await openNeighbours(ONE_STREAM, options);
  for (let round = 0; round < 5; round++) {
    const both = await send(`both-${round}`, 50, ["healthy", "broken"]);
    expect(count(both, "spooled")).toBe(50);
    const alone = await send(`alone-${round}`, 50, ["healthy"]);
    expect(count(alone, "published")).toBe(50);
    expect(stateOf("healthy")).toMatchObject({ state: "open", copies: 0 });
  }
  expect(stateOf("broken").copies).toBe(250);
  expect(stateOf("broken").state).toBe("shut");
  expect(states).toEqual([]);
  expect(log.lines.join()).not.toContain("NATS connection lost");
  expect(await countIn(server.url, "PIXEL", "healthy")).toEqual({ ids: 500, twice: 0 });
  // The operator grants it: as with most changes of rights, the server starts again.
  await server.stop();
  const granted = await nats({ port: server.port, config: USERS('"pixel.nobody.>"') });
  await until("the spool is empty", () => delivery.state().spooled === 0, 30_000);
  expect(await countIn(granted.url, "PIXEL", "broken")).toEqual({ ids: 250, twice: 0 });
}, 60_000);

test("deliver spools the copies of a destination whose stream is deleted, until it is there again", async () => {
  const server = await nats();
  const { send, states, stateOf, untilRelayed } = await openNeighbours(OWN_STREAMS, at(server));
  await administer(server.url, (manager) => manager.streams.delete("BROKEN"));
  const both = await send("both", 200, ["healthy", "broken"]);
  expect(count(both, "published") + count(both, "spooled")).toBe(200);
  for (let round = 0; round < 5; round++) {
    expect(count(await send(`alone-${round}`, 100, ["healthy"]), "published")).toBe(100);
    expect(stateOf("healthy")).toMatchObject({ state: "open", copies: 0 });
  }
  await untilRelayed();
  expect(states).toEqual([]);
  expect(await countIn(server.url, "BROKEN", "broken")).toEqual({ ids: 200, twice: 0 });
  expect(await countIn(server.url, "PIXEL", "healthy")).toEqual({ ids: 700, twice: 0 });
}, 60_000);

test("deliver holds up no healthy one of 100 destinations, and brings the copies of the ten broken ones when they are mended", async () => {
  const server = await nats();
  const ids = Array.from({ length: 100 }, (_, index) => `d${index}`);
  const broken = ids.slice(0, 10);
  const layout = layoutFor(
    Object.fromEntries(ids.map((id, index) => [id, index < 10 ? `BROKEN_${index}` : null])),
  );
  const { delivery, send, states, untilRelayed } = await openNeighbours(layout, at(server));
  for (const index of broken.keys()) await changeStream(server.url, `BROKEN_${index}`, { max_msgs: 1 });
  const all = await send("all", 20, ids);
  expect([count(all, "published"), count(all, "spooled")]).toEqual([1, 19]);
  for (const id of ids.slice(10)) {
    expect(count(await send(`alone-${id}`, 5, [id]), "published")).toBe(5);
  }
  const waiting = delivery.state().destinations.filter(({ copies }) => copies > 0);
  expect(waiting.map(({ id, copies, state }) => [id, copies, state])).toEqual(
    broken.map((id) => [id, 19, "shut"]),
  );
  expect(states).toEqual([]);
  for (const index of broken.keys()) await changeStream(server.url, `BROKEN_${index}`, { max_msgs: -1 });
  await untilRelayed();
  for (const [index, id] of broken.entries()) {
    expect(await countIn(server.url, `BROKEN_${index}`, id)).toEqual({ ids: 20, twice: 0 });
  }
  expect(await countIn(server.url, "PIXEL", "d50")).toEqual({ ids: 25, twice: 0 });
}, 60_000);
