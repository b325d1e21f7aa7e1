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
  const window = new InFlightWindow<string>(64, 1000);
  const one = listener();
  const number = window.add(one, 3, "way", 10, 20);
  const slot = window.slotOf(number);
  expect([window.count, window.bytes, window.routeAt(slot), window.sentAt(slot)]).toEqual([1, 10, 3, 10]);
  window.settle(slot, "stored", "", true);
  expect(one.verdicts).toEqual([[3, "stored", ""]]);
  expect([window.count, window.bytes, window.slotOf(number)]).toEqual([0, 0, -1]);
  window.settle(slot, "stored", "", true);
  expect(one.verdicts).toHaveLength(1);
});

test("InFlightWindow never gives a number twice, and a late ack finds nothing", () => {
  const window = new InFlightWindow<string>(64, 1e9);
  const numbers = new Set<number>();
  for (let round = 0; round < 1000; round++) {
    const number = window.add(listener(), 0, "way", 0, 0);
    expect(numbers.has(number)).toBe(false);
    numbers.add(number);
    window.settle(window.slotOf(number), "stored", "", true);
  }
  for (const number of numbers) expect(window.slotOf(number)).toBe(-1);
});

test("InFlightWindow goes around a message that is stuck", () => {
  const window = new InFlightWindow<string>(64, 1e9);
  const stuck = window.add(listener("stuck"), 0, "way", 0, 0);
  for (let round = 0; round < 500; round++) {
    const number = window.add(listener(), 0, "way", 0, 0);
    expect(number).toBeGreaterThan(stuck);
    window.settle(window.slotOf(number), "stored", "", true);
  }
  expect(window.listenerAt(window.slotOf(stuck))?.outgoing.id).toBe("stuck");
  expect(window.count).toBe(1);
});

test("bytes are those of the payload as UTF-8", () => {
  const window = new InFlightWindow<string>(64, 100);
  const number = window.add(listener("e", "ß👋"), 0, "way", 0, 0);
  expect(window.bytes).toBe(6);
  window.settle(window.slotOf(number), "stored", "", true);
  expect(window.bytes).toBe(0);
});

test("hasRoom holds the bounds in entries and in bytes", () => {
  const window = new InFlightWindow<string>(64, 100);
  expect(window.hasRoom(1, 100)).toBe(true);
  expect(window.hasRoom(1, 101)).toBe(false);
  let taken = 0;
  while (window.hasRoom(1, 0)) {
    expect(window.add(listener("e", ""), 0, "way", 0, 0)).toBeGreaterThan(0);
    taken++;
  }
  expect(taken).toBeGreaterThan(20);
  expect(taken).toBeLessThanOrEqual(64);
});

test("find gives what is meant, oldest first and only that, however far the window has turned", () => {
  const window = new InFlightWindow<string>(64, 1e9);
  const alive: number[] = [];
  for (let round = 0; round < 300; round++) {
    const number = window.add(listener(`e${round}`), 0, "way", 0, round);
    if (round % 50 === 0) alive.push(number);
    else window.settle(window.slotOf(number), "stored", "", true);
  }
  const numbers = (slots: number[]) => slots.map((slot) => window.listenerAt(slot)?.outgoing.id);
  expect(numbers(window.find((_slot, deadline) => deadline <= 100))).toEqual(["e0", "e50", "e100"]);
  expect(window.find(() => true)).toHaveLength(6);
  expect(window.find(() => false)).toEqual([]);
});

test("wayOfAnswered gives the way of a message that was answered, until its slot is used again", () => {
  const window = new InFlightWindow<string>(64, 1e9);
  const answered = window.add(listener(), 0, "one", 0, 0);
  const expired = window.add(listener(), 0, "two", 0, 0);
  expect(window.wayAt(window.slotOf(answered))).toBe("one");
  expect(window.wayOfAnswered(answered)).toBeUndefined();
  window.settle(window.slotOf(answered), "stored", "", true);
  window.settle(window.slotOf(expired), "unacked", "no ack in time", false);
  expect([window.wayOfAnswered(answered), window.wayOfAnswered(expired)]).toEqual(["one", undefined]);
  expect(window.wayOfAnswered(answered + 64)).toBeUndefined();
  for (let round = 0; round < 64; round++) {
    const number = window.add(listener(), 0, "three", 0, 0);
    expect(window.wayOfAnswered(number)).toBeUndefined();
    window.settle(window.slotOf(number), "unacked", "", false);
  }
  expect(window.wayOfAnswered(answered)).toBeUndefined();
});
