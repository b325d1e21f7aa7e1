import { expect, test } from "bun:test";
import { putAwayAfterEach } from "../support/parts.ts";
import { layoutOf, openRelay, settle } from "../support/relayparts.ts";

putAwayAfterEach();

const TWO = layoutOf({ a: [], b: [] });

test("createRelay sends first what the stream may have already, each kind oldest first", async () => {
  const { relay, add, published, answer } = openRelay(TWO);
  add("never-1", ["a"]);
  add("maybe-1", ["a"], { mayBeStored: true });
  add("never-2", ["a"]);
  add("maybe-2", ["a"], { mayBeStored: true });
  relay.wake();
  for (let round = 0; round < 5; round++) {
    await settle();
    answer("stored");
  }
  expect(published).toEqual(["maybe-1.a", "maybe-2.a", "never-1.a", "never-2.a"]);
});

test("createRelay puts more on the wire with each ack, and a single copy after one stayed unacked", async () => {
  const { relay, add, inFlight, answer, time } = openRelay(TWO);
  for (let index = 0; index < 400; index++) add(`e${index}`, ["a"]);
  relay.wake();
  for (const window of [1, 2, 4, 8, 16, 32, 64]) {
    await settle();
    expect(inFlight()).toBe(window);
    answer(window === 64 ? "unacked" : "stored");
  }
  await settle();
  expect(inFlight()).toBe(0);
  time.advance(250);
  await settle();
  expect(inFlight()).toBe(1);
  answer("stored");
  await settle();
  expect(inFlight()).toBe(2);
});

test("createRelay goes back to the lowest unacked copy of a lane, and leaves the other lanes where they are", async () => {
  const { relay, add, reads, published, answer, time } = openRelay(TWO);
  for (let index = 1; index <= 6; index++) add(`e${index}`, ["a", "b"]);
  relay.wake();
  await settle();
  answer("stored");
  await settle();
  expect(published).toEqual(["e1.a", "e1.b", "e2.a", "e3.a", "e2.b", "e3.b"]);
  reads.length = 0;
  answer("unacked", "a");
  answer("stored", "b");
  await settle();
  expect(published.slice(6)).toEqual(["e4.b", "e5.b", "e6.b"]);
  time.advance(250);
  await settle();
  expect(published.slice(9)).toEqual(["e2.a"]);
  const cursors = reads.map(({ destinationId, afterSeq }) => `${destinationId} ${afterSeq}`);
  expect(cursors).toContain("a 1");
  expect(cursors).not.toContain("a 0");
});

test("createRelay reads no row twice while all goes well", async () => {
  const { relay, add, reads, inFlight, answer, left } = openRelay(TWO);
  for (let index = 0; index < 200; index++) add(`e${index}`, ["a"]);
  relay.wake();
  for (let round = 0; round < 20; round++) {
    await settle();
    answer("stored");
  }
  expect([left("a"), inFlight()]).toEqual([[], 0]);
  const cursors = reads.slice(0, -1).map(({ afterSeq }) => afterSeq);
  expect(cursors).toEqual(cursors.toSorted((one, other) => one - other));
});

test("createRelay sends nothing where the gate is shut, and everything where it is open", async () => {
  const { relay, add, published, answer, gate } = openRelay(TWO);
  gate("a", { is: "none", untilMs: Number.POSITIVE_INFINITY });
  for (let index = 1; index <= 3; index++) add(`e${index}`, ["a", "b"]);
  relay.wake();
  for (let round = 0; round < 4; round++) {
    await settle();
    answer("stored");
  }
  expect(published).toEqual(["e1.b", "e2.b", "e3.b"]);
});

test("createRelay sends one copy when the time of a shut gate has come, and nothing else before it is told more", async () => {
  const { relay, add, published, answer, gate, time } = openRelay(TWO);
  for (let index = 1; index <= 3; index++) add(`early-${index}`, ["a"]);
  relay.wake();
  for (let round = 0; round < 3; round++) {
    await settle();
    answer("stored");
  }
  expect(published.splice(0)).toHaveLength(3);
  // Between two ticks.
  gate("a", { is: "none", untilMs: time.now() + 1250 });
  for (let index = 1; index <= 3; index++) add(`e${index}`, ["a"]);
  relay.wake();
  await settle();
  time.advance(1249);
  await settle();
  expect(published).toEqual([]);
  gate("a", { is: "one" });
  time.advance(1);
  await settle();
  expect(published).toEqual(["e1.a"]);
  time.advance(5000);
  await settle();
  expect(published).toEqual(["e1.a"]);
  gate("a", { is: "many" });
  answer("stored");
  relay.wake();
  await settle();
  expect(published).toEqual(["e1.a", "e2.a", "e3.a"]);
});

test("createRelay asks a shut gate no more often than it is told to", async () => {
  const { relay, add, asked, gate, time } = openRelay(TWO);
  gate("a", { is: "none", untilMs: time.now() + 10_000 });
  for (let index = 0; index < 100; index++) add(`e${index}`, ["a"]);
  relay.wake();
  await settle();
  const before = asked();
  time.advance(400);
  await settle();
  expect(asked()).toBe(before);
});

test("createRelay gives every lane its turn, however long another one's backlog is", async () => {
  const { relay, add, published, answer } = openRelay(TWO);
  for (let index = 0; index < 2000; index++) add(`long-${index}`, ["a"]);
  add("short", ["b"]);
  relay.wake();
  await settle();
  answer("stored");
  await settle();
  expect(published.slice(0, 2).toSorted()).toEqual(["long-0.a", "short.b"]);
});

test("createRelay tries a busy copy again after a second, and holds up no other", async () => {
  const { relay, add, published, answer, time, left } = openRelay(TWO);
  for (let index = 1; index <= 3; index++) add(`e${index}`, ["a"]);
  relay.wake();
  await settle();
  answer("busy");
  for (let round = 0; round < 2; round++) {
    await settle();
    answer("stored");
  }
  expect(published).toEqual(["e1.a", "e2.a", "e3.a"]);
  time.advance(999);
  await settle();
  expect(published).toHaveLength(3);
  time.advance(1);
  await settle();
  expect(published.slice(3)).toEqual(["e1.a"]);
  answer("stored");
  expect(left("a")).toEqual([]);
});

test("createRelay waits when too many copies are busy at once", async () => {
  const { relay, add, published, answer } = openRelay(TWO);
  for (let index = 0; index < 3000; index++) add(`e${index}`, ["a"]);
  relay.wake();
  for (let round = 0; round < 9; round++) {
    await settle();
    answer("stored");
  }
  for (let round = 0; round < 20; round++) {
    await settle();
    answer("busy");
  }
  expect(published).toHaveLength(511 + 512);
});

test("createRelay leaves room for new events", async () => {
  const { relay, add, published, fill, time } = openRelay(TWO);
  add("e", ["a"]);
  fill(true);
  relay.wake();
  await settle();
  expect(published).toEqual([]);
  fill(false);
  time.advance(500);
  await settle();
  expect(published).toEqual(["e.a"]);
});

test("createRelay sends nothing more once it is stopped", async () => {
  const { relay, add, published, answer, time } = openRelay(TWO);
  for (let index = 0; index < 10; index++) add(`e${index}`, ["a"]);
  relay.wake();
  await settle();
  relay.stop();
  answer("stored");
  time.advance(60_000);
  relay.wake();
  await settle();
  expect(published).toEqual(["e0.a"]);
});
