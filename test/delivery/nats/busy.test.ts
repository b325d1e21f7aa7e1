import { expect, test } from "bun:test";
import { BusyIds, LASTING_MS } from "../../../src/delivery/nats/busy.ts";

test("BusyIds tells an id that stays busy for more than a minute, and none that was free in between", () => {
  const busy = new BusyIds();
  expect(busy.add("a", 0)).toBe(false);
  expect(busy.add("a", LASTING_MS)).toBe(false);
  expect(busy.add("b", LASTING_MS)).toBe(false);
  expect(busy.add("a", LASTING_MS + 1)).toBe(true);
  expect(busy.add("a", 2 * LASTING_MS + 1)).toBe(true);
  // Not heard of for longer than that: a new spell.
  expect(busy.add("a", 3 * LASTING_MS + 2)).toBe(false);
  expect(busy.add("a", 4 * LASTING_MS + 2)).toBe(false);
  expect(busy.add("a", 4 * LASTING_MS + 3)).toBe(true);
});

test("BusyIds forgets the oldest of more ids than it keeps", () => {
  const busy = new BusyIds();
  busy.add("oldest", 0);
  for (let index = 0; index < 999; index++) busy.add(`id-${index}`, 0);
  busy.add("one-more", 1);
  expect([busy.add("oldest", 2), busy.add("one-more", 2)]).toEqual([false, false]);
  expect(busy.add("one-more", LASTING_MS + 2)).toBe(true);
  expect(busy.add("oldest", LASTING_MS + 2)).toBe(false);
});
