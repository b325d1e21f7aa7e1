import { expect, test } from "bun:test";
import { type AckListener, InFlightWindow, type Verdict } from "../../../src/delivery/nats/window.ts";
import { event } from "../../support/parts.ts";

interface Heard extends AckListener {
  readonly verdicts: [number, Verdict, string][];
}

function listener(id = "e", payload = "0123456789"): Heard {
  const verdicts: [number, Verdict, string][] = [];
  return {
    outgoing: event(id, { payload }),
    verdicts,
    onVerdict: (route, verdict, reason) => verdicts.push([route, verdict, reason]),
  };
}

test("InFlightWindow finds a message by its number, once", () => {
  const window = new InFlightWindow(64, 1000);
  const one = listener();
  const number = window.add(one, 3, 10, 20);
  const slot = window.slotOf(number);
  expect([window.count, window.bytes, window.routeAt(slot), window.sentAt(slot)]).toEqual([1, 10, 3, 10]);
  window.settle(slot, "stored", "");
  expect(one.verdicts).toEqual([[3, "stored", ""]]);
  expect([window.count, window.bytes, window.slotOf(number)]).toEqual([0, 0, -1]);
  window.settle(slot, "stored", "");
  expect(one.verdicts).toHaveLength(1);
});

test("InFlightWindow never gives a number twice, and a late ack finds nothing", () => {
  const window = new InFlightWindow(64, 1e9);
  const numbers = new Set<number>();
  for (let round = 0; round < 1000; round++) {
    const number = window.add(listener(), 0, 0, 0);
    expect(numbers.has(number)).toBe(false);
    numbers.add(number);
    window.settle(window.slotOf(number), "stored", "");
  }
  for (const number of numbers) expect(window.slotOf(number)).toBe(-1);
});

test("InFlightWindow goes around a message that is stuck", () => {
  const window = new InFlightWindow(64, 1e9);
  const stuck = window.add(listener("stuck"), 0, 0, 0);
  for (let round = 0; round < 500; round++) {
    const number = window.add(listener(), 0, 0, 0);
    expect(number).toBeGreaterThan(stuck);
    window.settle(window.slotOf(number), "stored", "");
  }
  expect(window.listenerAt(window.slotOf(stuck))?.outgoing.id).toBe("stuck");
  expect(window.count).toBe(1);
});

test("bytes are those of the payload as UTF-8", () => {
  const window = new InFlightWindow(64, 100);
  const number = window.add(listener("e", "ß👋"), 0, 0, 0);
  expect(window.bytes).toBe(6);
  window.settle(window.slotOf(number), "stored", "");
  expect(window.bytes).toBe(0);
});

test("hasRoom holds the bounds in entries and in bytes", () => {
  const window = new InFlightWindow(64, 100);
  expect(window.hasRoom(1, 100)).toBe(true);
  expect(window.hasRoom(1, 101)).toBe(false);
  let taken = 0;
  while (window.hasRoom(1, 0)) {
    expect(window.add(listener("e", ""), 0, 0, 0)).toBeGreaterThan(0);
    taken++;
  }
  expect(taken).toBeGreaterThan(20);
  expect(taken).toBeLessThanOrEqual(64);
});

test("expire settles what is over, and only that, however far the window has turned", () => {
  const window = new InFlightWindow(64, 1e9);
  const alive: Heard[] = [];
  for (let round = 0; round < 300; round++) {
    const one = listener(`e${round}`);
    const number = window.add(one, 0, 0, round);
    if (round % 50 === 0) alive.push(one);
    else window.settle(window.slotOf(number), "stored", "");
  }
  expect(window.count).toBe(6);
  expect(window.expire("late", (_slot, deadline) => deadline <= 100)).toBe(3);
  expect(alive.map(({ verdicts }) => verdicts.length)).toEqual([1, 1, 1, 0, 0, 0]);
  expect(alive[0]?.verdicts).toEqual([[0, "unacked", "late"]]);
  expect(window.expire("all", () => true)).toBe(3);
  expect([window.count, window.bytes]).toEqual([0, 0]);
});
