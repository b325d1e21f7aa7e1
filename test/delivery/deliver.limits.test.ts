// What is refused, and that it is refused before anything is sent.
import { expect, test } from "bun:test";
import { openDeliver } from "../support/deliverparts.ts";

test("createDeliver refuses an event that needs a destination over its share, sends nothing of it, and counts it", () => {
  const { send, world, published, kept, refused, log } = openDeliver();
  world.shut.add("b");
  world.overShare.add("b");
  expect(send("e", ["a", "b"])).toEqual(["failed"]);
  expect([published, kept, refused]).toEqual([[], [], ["b"]]);
  expect(log.lines.join()).toContain(
    'a destination\'s backlog is over its share of the spool: its events are refused {"destination":"b"}',
  );
});

test("createDeliver takes an event that does not need the destination over its share, or can be sent to it", () => {
  const { send, world, answer, refused } = openDeliver();
  world.shut.add("b");
  world.overShare.add("b");
  const fates = send("e", ["a", "c"]);
  answer("stored");
  expect(fates).toEqual(["published"]);
  world.shut.delete("b");
  const mended = send("f", ["a", "b"]);
  answer("stored");
  expect([mended, refused]).toEqual([["published"], []]);
});

test("createDeliver has a single destination fill the spool: there is nobody to leave room for", () => {
  const { send, world, kept } = openDeliver({ destinations: ["a"] });
  world.shut.add("a");
  world.overShare.add("a");
  expect(send("e", ["a"])).toEqual(["spooled"]);
  expect(kept).toEqual([["a"]]);
});

test("createDeliver lets the spool fill while NATS takes nothing: there is nobody to leave room for", () => {
  for (const nats of ["down", "degraded"] as const) {
    const { send, world, kept } = openDeliver();
    world.nats = nats;
    for (const id of ["a", "b"]) {
      world.shut.add(id);
      world.overShare.add(id);
    }
    expect([send("e", ["a", "b"]), kept]).toEqual([["spooled"], [["a", "b"]]]);
  }
  const { send, world } = openDeliver({ withNats: false });
  world.overShare.add("a");
  expect(send("e", ["a", "b"])).toEqual(["spooled"]);
});

test("createDeliver keeps what stays unacked whatever the share: the stream may have it", () => {
  const { send, world, answer, kept } = openDeliver();
  const fates = send("e", ["a", "b"]);
  world.overShare.add("b");
  answer("stored", "a");
  answer("unacked", "b");
  expect([fates, kept]).toEqual([["spooled"], [["b?"]]]);
});

test("createDeliver sends nothing of an event when the spool takes no copy of it", () => {
  for (const state of ["full", "failing"] as const) {
    const { send, world, published } = openDeliver();
    world.shut.add("b");
    world.spoolState = state;
    expect([send("e", ["a", "b"]), published]).toEqual([["failed"], []]);
  }
});

test("createDeliver lets a spool that takes nothing try where nothing would be sent", () => {
  const { send, world, kept } = openDeliver();
  world.shut.add("b");
  world.spoolState = "full";
  expect(send("e", ["b"])).toEqual(["spooled"]);
  expect(kept).toEqual([["b"]]);
});

test("createDeliver needs no spool for an event that is sent whole", () => {
  const { send, world, answer } = openDeliver();
  world.spoolState = "full";
  const fates = send("e", ["a"]);
  answer("stored");
  expect(fates).toEqual(["published"]);
});

test("createDeliver says too large for what none of its destinations takes, and keeps nothing", () => {
  const { send, world, published, kept } = openDeliver();
  world.tooSmall.add("a").add("b");
  expect(send("e", ["a", "b"])).toEqual(["tooLarge"]);
  expect([published, kept]).toEqual([[], []]);
});

test("createDeliver puts the copy that is too large for one destination into quarantine, and sends the others", () => {
  const { send, world, published, kept, answer, woken, log } = openDeliver();
  world.tooSmall.add("b");
  const fates = send("e", ["a", "b"]);
  expect(published).toEqual(["e.a"]);
  answer("stored");
  expect([fates, kept, woken]).toEqual([["quarantined"], [["b: too large"]], []]);
  expect(log.lines.join()).toContain("a stream refuses an event for good: it is in quarantine");
});

test("createDeliver puts what its stream rejects into quarantine with the reason", () => {
  const { send, world, kept, answer } = openDeliver();
  world.shut.add("c");
  const fates = send("e", ["a", "b", "c"]);
  answer("rejected", "a", "message size exceeds maximum allowed");
  answer("unacked", "b");
  expect(fates).toEqual(["quarantined"]);
  expect(kept).toEqual([["c", "b?", "a: message size exceeds maximum allowed"]]);
});

test("createDeliver sends nothing of an event when a full quarantine has no place for a copy of it", () => {
  const { send, world, published, kept, log } = openDeliver();
  world.tooSmall.add("b");
  world.quarantineIsFull = true;
  expect([send("e", ["a", "b"]), published, kept]).toEqual([["failed"], [], []]);
  expect(log.lines.join()).toContain("the quarantine is full");
});

test("createDeliver asks a copy that is too large for no share of the spool", () => {
  const { send, world, answer } = openDeliver();
  world.tooSmall.add("b");
  world.overShare.add("b");
  const fates = send("e", ["a", "b"]);
  answer("stored");
  expect(fates).toEqual(["quarantined"]);
});
