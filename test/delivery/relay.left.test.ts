// What is left of a backlog when the rest is gone: what no stream takes, and what is found behind the cursor.
import { expect, test } from "bun:test";
import { putAwayAfterEach } from "../support/parts.ts";
import { layoutOf, openRelay, settle } from "../support/relayparts.ts";

putAwayAfterEach();

const TWO = layoutOf({ a: [], b: [] });

test("createRelay puts a copy that its stream will never take into quarantine, and sends the others", async () => {
  const { relay, add, quarantined, answer, left, log } = openRelay(TWO);
  for (const id of ["poison", "fine-1", "fine-2"]) add(id, ["a", "b"]);
  relay.wake();
  await settle();
  answer("rejected", "a", "message size exceeds maximum allowed");
  for (let round = 0; round < 3; round++) {
    answer("stored");
    await settle();
  }
  expect([left("a"), left("b")]).toEqual([[], []]);
  expect(quarantined).toEqual(["poison.a: message size exceeds maximum allowed"]);
  expect(log.lines.join()).toContain("a stream refuses a spooled event for good: it is in quarantine");
});

test("createRelay passes over what a full quarantine does not take, and comes back to it when there is room", async () => {
  const { relay, add, quarantined, fillQuarantine, published, answer, left, time, log } = openRelay(TWO);
  for (const id of ["poison", "fine"]) add(id, ["a"]);
  fillQuarantine(true);
  relay.wake();
  await settle();
  answer("rejected", "a", "too large");
  await settle();
  answer("stored");
  await settle();
  expect(left("a")).toEqual(["poison"]);
  expect(log.lines.join()).toContain("the quarantine is full");
  for (let tick = 0; tick < 200; tick++) {
    time.advance(500);
    await settle();
  }
  expect(published).toEqual(["poison.a", "fine.a"]);
  fillQuarantine(false);
  for (let tick = 0; tick < 4; tick++) {
    time.advance(500);
    await settle();
    answer("rejected", "a", "too large");
  }
  expect(left("a")).toEqual([]);
  expect(quarantined).toEqual(["poison.a: too large"]);
});

test("createRelay finds a copy that was put back behind its cursor", async () => {
  const { relay, add, published, answer, time } = openRelay(TWO);
  for (let seq = 10; seq < 13; seq++) add(`e${seq}`, ["a"], { seq });
  relay.wake();
  await settle();
  answer("stored");
  await settle();
  add("put-back", ["a"], { seq: 3 });
  answer("stored");
  await settle();
  time.advance(250);
  await settle();
  expect(published).toEqual(["e10.a", "e11.a", "e12.a", "put-back.a"]);
});

test("createRelay comes back to a row that it can do nothing with less and less often, every 30 s in the end", async () => {
  const { relay, add, reads, time } = openRelay(TWO);
  add("odd", ["a"], { isRouted: false });
  relay.wake();
  const passes: number[] = [];
  for (let second = 1; second <= 180; second++) {
    reads.length = 0;
    time.advance(1000);
    await settle();
    if (reads.some(({ afterSeq }) => afterSeq === 0)) passes.push(second);
  }
  expect(passes.length).toBeGreaterThan(8);
  expect(passes.length).toBeLessThan(14);
  expect(passes.at(-1)).toBeGreaterThan(150);
});
