import { expect, test } from "bun:test";
import type { PublishPath } from "../../../src/delivery/nats/encoder.ts";
import { Outlet } from "../../../src/delivery/nats/outlet.ts";
import { createHandClock } from "../../support/clock.ts";
import { event } from "../../support/parts.ts";

const WAREHOUSE = { subject: "pixel.warehouse.page", destinationId: "warehouse" };

/** An outlet with a path; `writes` has the ids that left in one write. */
function openOutlet() {
  const wire = createHandClock();
  const outlet = new Outlet(createHandClock(), wire);
  const writes: string[][] = [];
  let waiting: string[] = [];
  const path: PublishPath = {
    publish: ({ id }) => void waiting.push(id),
    publishNoAck: (subject) => void waiting.push(subject),
    flush: () => {
      if (waiting.length > 0) writes.push(waiting);
      waiting = [];
    },
  };
  outlet.open(path);
  let last = 0;
  const publish = (id: string) => outlet.publish(event(id), WAREHOUSE, ++last);
  return { outlet, wire, writes, publish };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("Outlet writes what is published in one turn at its end, at once", async () => {
  const { outlet, writes, publish } = openOutlet();
  publish("a");
  outlet.publishSome("rejected", event("x").payload);
  publish("b");
  expect(writes).toEqual([]);
  await turn();
  expect(writes).toEqual([["a", "rejected", "b"]]);
});

test("Outlet writes few messages once a millisecond at the most, and lets nothing wait longer", async () => {
  const { wire, writes, publish } = openOutlet();
  publish("a");
  await turn();
  for (const id of ["b", "c"]) {
    wire.advance(0.25);
    publish(id);
    await turn();
  }
  expect(writes).toEqual([["a"]]);
  wire.advance(0.5);
  expect(writes).toEqual([["a"], ["b", "c"]]);
  wire.advance(1);
  publish("d");
  await turn();
  expect(writes).toEqual([["a"], ["b", "c"], ["d"]]);
});

test("Outlet writes at once what waits when it is told to, and goes on after that", async () => {
  const { outlet, wire, writes, publish } = openOutlet();
  publish("a");
  await turn();
  publish("b");
  await turn();
  outlet.flush();
  expect(writes).toEqual([["a"], ["b"]]);
  publish("c");
  await turn();
  wire.advance(1);
  expect(writes).toEqual([["a"], ["b"], ["c"]]);
});

test("Outlet writes many messages at the end of their turn, whenever the last write was", async () => {
  const { wire, writes, publish } = openOutlet();
  publish("a");
  await turn();
  for (let index = 0; index < 15; index++) publish("b");
  await turn();
  expect(writes).toHaveLength(1);
  publish("b");
  await turn();
  expect(writes).toEqual([["a"], Array(16).fill("b")]);
  // The timer that those had, too, is the next ones'.
  publish("c");
  await turn();
  expect(writes).toHaveLength(2);
  wire.advance(1);
  expect(writes).toEqual([["a"], Array(16).fill("b"), ["c"]]);
  wire.advance(5);
  publish("d");
  await turn();
  publish("e");
  await turn();
  expect(writes).toHaveLength(4);
  wire.advance(1);
  expect(writes.slice(3)).toEqual([["d"], ["e"]]);
});
