import { expect, test } from "bun:test";
import { Ring, type Sender, type Verdict } from "../../../src/delivery/nats/window.ts";
import { event } from "../../support/parts.ts";

interface Heard extends Sender {
  readonly verdicts: [number, Verdict, string][];
}

function sender(id = "e", payload = "0123456789"): Heard {
  const verdicts: [number, Verdict, string][] = [];
  return {
    outgoing: event(id, { payload }),
    verdicts,
    onVerdict: (route, verdict, reason) => verdicts.push([route, verdict, reason]),
  };
}

test("Ring finds a message by its number, once", () => {
  const ring = new Ring(64, 1000);
  const one = sender();
  const number = ring.add(one, 3, 10, 20);
  const slot = ring.slotOf(number);
  expect([ring.count, ring.bytes, ring.routeAt(slot), ring.sentAt(slot)]).toEqual([1, 10, 3, 10]);
  ring.settle(slot, "stored", "");
  expect(one.verdicts).toEqual([[3, "stored", ""]]);
  expect([ring.count, ring.bytes, ring.slotOf(number)]).toEqual([0, 0, -1]);
  ring.settle(slot, "stored", "");
  expect(one.verdicts).toHaveLength(1);
});

test("Ring never gives a number twice, and a late ack finds nothing", () => {
  const ring = new Ring(64, 1e9);
  const numbers = new Set<number>();
  for (let round = 0; round < 1000; round++) {
    const number = ring.add(sender(), 0, 0, 0);
    expect(numbers.has(number)).toBe(false);
    numbers.add(number);
    ring.settle(ring.slotOf(number), "stored", "");
  }
  for (const number of numbers) expect(ring.slotOf(number)).toBe(-1);
});

test("Ring goes around a message that is stuck", () => {
  const ring = new Ring(64, 1e9);
  const stuck = ring.add(sender("stuck"), 0, 0, 0);
  for (let round = 0; round < 500; round++) {
    const number = ring.add(sender(), 0, 0, 0);
    expect(number).toBeGreaterThan(stuck);
    ring.settle(ring.slotOf(number), "stored", "");
  }
  expect(ring.senderAt(ring.slotOf(stuck))?.outgoing.id).toBe("stuck");
  expect(ring.count).toBe(1);
});

test("hasRoom holds the bounds in entries and in bytes", () => {
  const ring = new Ring(64, 100);
  expect(ring.hasRoom(1, 100)).toBe(true);
  expect(ring.hasRoom(1, 101)).toBe(false);
  let taken = 0;
  while (ring.hasRoom(1, 0)) {
    expect(ring.add(sender("e", ""), 0, 0, 0)).toBeGreaterThan(0);
    taken++;
  }
  expect(taken).toBeGreaterThan(20);
  expect(taken).toBeLessThanOrEqual(64);
});

test("expire settles what is over, and only that, however far the ring has turned", () => {
  const ring = new Ring(64, 1e9);
  const alive: Heard[] = [];
  for (let round = 0; round < 300; round++) {
    const one = sender(`e${round}`);
    const number = ring.add(one, 0, 0, round);
    if (round % 50 === 0) alive.push(one);
    else ring.settle(ring.slotOf(number), "stored", "");
  }
  expect(ring.count).toBe(6);
  expect(ring.expire("late", (_slot, deadline) => deadline <= 100)).toBe(3);
  expect(alive.map(({ verdicts }) => verdicts.length)).toEqual([1, 1, 1, 0, 0, 0]);
  expect(alive[0]?.verdicts).toEqual([[0, "unacked", "late"]]);
  expect(ring.expire("all", () => true)).toBe(3);
  expect([ring.count, ring.bytes]).toEqual([0, 0]);
});
