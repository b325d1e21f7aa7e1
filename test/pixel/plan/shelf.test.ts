import { expect, test } from "bun:test";
import { Shelf } from "../../../src/pixel/plan/shelf.ts";

interface Item {
  readonly name: string;
  readonly bytes: number;
  isUsed: boolean;
}

function shelfOf(most: number, mostBytes: number) {
  const gone: string[] = [];
  const shelf = new Shelf<Item>({ most, mostBytes }, ({ name }) => gone.push(name));
  const add = (name: string, isUsed = false, bytes = 1) => {
    const item = { name, bytes, isUsed };
    shelf.add(item);
    return item;
  };
  return { shelf, gone, add };
}

test("Shelf.makeRoom removes nothing while there is room", () => {
  const { shelf, gone, add } = shelfOf(2, 100);
  add("a");
  expect(shelf.makeRoom()).toBe(true);
  expect(gone).toEqual([]);
});

test("Shelf.makeRoom removes what is not in use, and leaves what is", () => {
  const { shelf, gone, add } = shelfOf(3, 100);
  add("a", true);
  add("b");
  add("c", true);
  expect(shelf.makeRoom()).toBe(true);
  expect(gone).toEqual(["b"]);
});

test("Shelf.makeRoom removes what was in use until the hand came by, and not since", () => {
  const { shelf, gone, add } = shelfOf(2, 100);
  const a = add("a", true);
  add("b", true);
  expect(shelf.makeRoom()).toBe(true);
  expect(gone).toEqual(["a"]);
  expect(a.isUsed).toBe(false);
});

test("Shelf.makeRoom says no after a few looks at what is in use", () => {
  const { shelf, gone, add } = shelfOf(20, 100);
  const items = Array.from({ length: 20 }, (_, i) => add(`item ${i}`, true));
  expect(shelf.makeRoom()).toBe(false);
  expect(gone).toEqual([]);
  expect(items.filter(({ isUsed }) => !isUsed).length).toBe(8);
});

test("Shelf.makeRoom goes on where it stopped", () => {
  const { shelf, gone, add } = shelfOf(10, 100);
  const items = Array.from({ length: 10 }, (_, i) => add(`item ${i}`, true));
  expect(shelf.makeRoom()).toBe(false);
  for (const item of items) item.isUsed = true;
  const eighth = items[8];
  if (eighth !== undefined) eighth.isUsed = false;
  expect(shelf.makeRoom()).toBe(true);
  expect(gone).toEqual(["item 8"]);
});

test("Shelf.makeRoom counts bytes", () => {
  const { shelf, gone, add } = shelfOf(100, 10);
  add("a", false, 6);
  add("b", false, 6);
  expect(shelf.makeRoom()).toBe(true);
  expect(gone).toEqual(["a"]);
  expect([shelf.size, shelf.bytes]).toEqual([1, 6]);
});

test("Shelf.makeRoom drives the newcomers of a stranger out before what is in use", () => {
  const { shelf, gone, add } = shelfOf(10, 1000);
  const own = Array.from({ length: 5 }, (_, i) => add(`own ${i}`, true));
  for (let i = 0; i < 1000; i++) {
    if (shelf.makeRoom()) add(`stranger ${i}`);
    // Each is used once in eight rounds.
    const item = own[i % 8];
    if (item !== undefined) item.isUsed = true;
  }
  expect(gone.length).toBeGreaterThan(900);
  expect(gone.filter((name) => name.startsWith("own"))).toEqual([]);
});
