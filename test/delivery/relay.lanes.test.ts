// Lanes side by side: partitions, a layout that changes, and what each may have on the wire.
import { expect, test } from "bun:test";
import { putAwayAfterEach } from "../support/parts.ts";
import { layoutOf, openRelay, settle } from "../support/relayparts.ts";

putAwayAfterEach();

const SHUT = { is: "none", untilMs: Number.POSITIVE_INFINITY } as const;
const PARTS = layoutOf({ a: ["A_0", "A_1"] });

test("createRelay holds up the copies of one partition's stream alone while it is shut, and then sends them in order", async () => {
  const { relay, add, published, answer, gate, left } = openRelay(PARTS);
  for (let index = 0; index < 6; index++) add(`e${index}`, ["a"], { partition: index % 2 });
  gate("A_0", SHUT);
  relay.wake();
  for (let round = 0; round < 4; round++) {
    await settle();
    answer("stored");
  }
  expect(published).toEqual(["e1.a", "e3.a", "e5.a"]);
  gate("A_0", { is: "many" });
  relay.wake();
  for (let round = 0; round < 4; round++) {
    await settle();
    answer("stored");
  }
  expect(published.slice(3)).toEqual(["e0.a", "e2.a", "e4.a"]);
  expect(left("a")).toEqual([]);
});

test("createRelay reads the backlog of a shut partition no further again and again", async () => {
  const { relay, add, reads, answer, gate, time } = openRelay(PARTS);
  for (let index = 0; index < 1000; index++) add(`e${index}`, ["a"], { partition: 0 });
  gate("A_0", SHUT);
  relay.wake();
  await settle();
  answer("stored");
  const rewinds = () => reads.filter(({ afterSeq }) => afterSeq === 0).length;
  expect(rewinds()).toBe(1);
  for (let tick = 0; tick < 100; tick++) {
    time.advance(500);
    await settle();
  }
  expect(rewinds()).toBe(1);
});

test("createRelay sends a copy where its destination is now", async () => {
  const { relay, add, subjects, answer, use } = openRelay(layoutOf({ a: [] }));
  add("before", ["a"], { partition: 7, payload: '{"anonymousId":"v"}' });
  relay.wake();
  await settle();
  expect(subjects).toEqual(["pixel.a.page"]);
  answer("unacked");
  use(layoutOf({ a: ["A_0", "A_1"] }));
  await settle();
  expect(subjects.slice(1)).toEqual([expect.stringMatching(/^pixel\.a\.page\.[01]$/)]);
  use(layoutOf({}));
  await settle();
});

test("createRelay sends nothing twice at once when the layout changes, and what comes back unacked goes the new way", async () => {
  const { relay, add, published, inFlight, answer, use, time, left } = openRelay(layoutOf({ a: ["OLD"] }));
  for (let index = 0; index < 8; index++) add(`e${index}`, ["a"]);
  relay.wake();
  for (let round = 0; round < 2; round++) {
    await settle();
    answer("stored");
  }
  await settle();
  expect(published.slice(3)).toEqual(["e3.a", "e4.a", "e5.a", "e6.a"]);
  use(layoutOf({ a: ["NEW"] }));
  await settle();
  expect(published.slice(7)).toEqual(["e7.a"]);
  answer("unacked", "OLD");
  time.advance(250);
  await settle();
  expect(inFlight("a")).toBe(1);
  for (let round = 0; round < 4; round++) {
    answer("stored");
    await settle();
  }
  expect(published.slice(8)).toEqual(["e3.a", "e4.a", "e5.a", "e6.a"]);
  expect(left("a")).toEqual([]);
});

test("createRelay forgets a destination without a backlog, and begins with one copy when it has one again", async () => {
  const { relay, add, published, answer, time } = openRelay(layoutOf({ a: [] }));
  for (let index = 0; index < 20; index++) add(`e${index}`, ["a"]);
  relay.wake();
  for (let round = 0; round < 6; round++) {
    await settle();
    answer("stored");
  }
  expect(published).toHaveLength(20);
  time.advance(500);
  for (let index = 0; index < 20; index++) add(`f${index}`, ["a"]);
  relay.wake("a");
  await settle();
  expect(published).toHaveLength(21);
});

test("createRelay lets no destination have more on the wire than its share, so that a slow one leaves the others theirs", async () => {
  const ids = Array.from({ length: 100 }, (_, index) => `d${index}`);
  const layout = layoutOf(Object.fromEntries(ids.map((id) => [id, []])));
  const { relay, add, inFlight, answer, time } = openRelay(layout);
  for (let index = 0; index < 5000; index++) add(`e${index}`, ["d0"]);
  for (const id of ids.slice(1)) add("one", [id]);
  for (const id of ids.slice(1)) add("more", [id]);
  // Nobody but the slow one has an answer: its window grows, the others' do not.
  relay.wake();
  for (let round = 0; round < 24; round++) {
    await settle();
    answer("stored", "d0");
  }
  await settle();
  time.advance(10);
  expect(inFlight("d0")).toBeLessThanOrEqual(Math.floor(16_384 / 100));
  expect(inFlight("d0")).toBeGreaterThan(100);
  for (const id of ids.slice(1)) expect(inFlight(id)).toBe(1);
});

test("createRelay bounds the bytes of a lane, and sends a copy that is larger than its share alone", async () => {
  const { relay, add, inFlight, answer } = openRelay(layoutOf({ a: [] }));
  for (let index = 0; index < 60; index++) add(`e${index}`, ["a"], { payload: "x".repeat(1024 * 1024) });
  relay.wake();
  for (let round = 0; round < 5; round++) {
    await settle();
    answer("stored");
  }
  await settle();
  expect(inFlight()).toBe(4);
  const huge = openRelay(layoutOf({ a: [] }));
  for (let index = 0; index < 9; index++)
    huge.add(`e${index}`, ["a"], { payload: "x".repeat(5 * 1024 * 1024) });
  huge.relay.wake();
  for (let round = 0; round < 3; round++) {
    await settle();
    expect(huge.inFlight()).toBe(1);
    huge.answer("stored");
  }
});

test("createRelay counts an event with its last copy, and none of which a copy goes to quarantine last", async () => {
  const { relay, add, relayed, answer } = openRelay(layoutOf({ a: [], b: [] }));
  for (const id of ["e1", "e2", "e3"]) add(id, ["a", "b"]);
  relay.wake();
  await settle();
  answer("stored", "a");
  expect(relayed()).toBe(0);
  answer("stored", "b");
  expect(relayed()).toBe(1);
  await settle();
  answer("stored", "a");
  await settle();
  answer("rejected", "b");
  await settle();
  expect(relayed()).toBe(1);
});

test("createRelay looks over all backlogs once a turn, however many gates have news in it", async () => {
  const { relay, add, looks, published } = openRelay(layoutOf({ a: [], b: [] }));
  await settle();
  for (let index = 0; index < 20; index++) add(`e${index}`, ["a", "b"]);
  const before = looks();
  for (let gate = 0; gate < 1000; gate++) relay.wake();
  await settle();
  expect(published).toEqual(["e0.a", "e0.b"]);
  expect(looks() - before).toBeLessThan(20);
});
