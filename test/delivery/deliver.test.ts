import { expect, test } from "bun:test";
import { eventFor, openDeliver } from "../support/deliverparts.ts";

test("createDeliver answers published when every message has its ack, and not before", () => {
  const { send, published, kept, answer } = openDeliver();
  const fates = send("e", ["a", "b"]);
  expect(published).toEqual(["e.a", "e.b"]);
  answer("stored", "a");
  expect(fates).toEqual([]);
  answer("stored", "b");
  expect([fates, kept]).toEqual([["published"], []]);
});

test("createDeliver answers published for an event that nobody asks for, and keeps nothing", () => {
  const { send, kept, published } = openDeliver();
  expect(send("e", [])).toEqual(["published"]);
  expect([kept, published]).toEqual([[], []]);
});

test("createDeliver spools everything at once without NATS, and where too much is in flight", () => {
  const off = openDeliver({ withNats: false });
  expect(off.send("e", ["a", "b"])).toEqual(["spooled"]);
  expect(off.kept).toEqual([["a", "b"]]);
  const full = openDeliver();
  full.world.hasRoom = false;
  expect(full.send("e", ["a", "b"])).toEqual(["spooled"]);
  expect([full.kept, full.published]).toEqual([[["a", "b"]], []]);
});

test("createDeliver sends what an open gate takes, and spools what a shut one does not: as one event, when the acks are there", () => {
  const { send, world, published, kept, answer, woken } = openDeliver();
  world.shut.add("b");
  const fates = send("e", ["a", "b", "c"]);
  expect([published, kept]).toEqual([["e.a", "e.c"], []]);
  answer("stored");
  expect([fates, kept, woken]).toEqual([["spooled"], [["b"]], ["b"]]);
});

test("createDeliver waits 2 s for acks", () => {
  const { send, deadlines } = openDeliver();
  send("e", ["a"]);
  expect(deadlines()).toEqual([2000]);
});

test("createDeliver spools what stays unacked or is busy as what the stream may have, in one append with the rest", () => {
  const { send, world, kept, answer, woken } = openDeliver();
  world.shut.add("c");
  const fates = send("e", ["a", "b", "c"]);
  answer("unacked", "a", "no ack in time");
  answer("busy", "b", "duplicate message id is in process");
  expect(fates).toEqual(["spooled"]);
  expect(kept).toEqual([["c", "a?", "b?"]]);
  expect(woken.toSorted()).toEqual(["a", "b", "c"]);
});

test("createDeliver fails what the spool cannot keep", () => {
  const { send, world, answer, woken } = openDeliver();
  world.isSafe = false;
  const fates = send("e", ["a", "b"]);
  answer("stored", "a");
  answer("unacked", "b");
  expect([fates, woken]).toEqual([["failed"], []]);
});

test("createDeliver answers with failed once it is closed, and keeps nothing", () => {
  const { send, world, kept } = openDeliver();
  world.isClosed = true;
  expect([send("e", ["a"]), kept]).toEqual([["failed"], []]);
});

test("createDeliver goes on when an answer throws", () => {
  const { deliver, send, answer, log, published } = openDeliver();
  deliver(eventFor("x", []), () => {
    throw new Error("the answer failed");
  });
  const fates = send("e", ["a"]);
  answer("stored");
  expect([fates, published]).toEqual([["published"], ["e.a"]]);
  expect(log.lines.join()).toContain("an answer failed by a fault of the gateway");
});
