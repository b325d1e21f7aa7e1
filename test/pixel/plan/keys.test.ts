import { expect, test } from "bun:test";
import {
  hashKeys,
  LONGEST_KEY,
  MOST_KEYS,
  MOST_LETTERS,
  ODD_KEYS,
  readKeys,
} from "../../../src/pixel/plan/keys.ts";

const hashOf = (query: string) => hashKeys(query, 0, 0, 0, 0);
const keysOf = (count: number, length: number) =>
  Array.from({ length: count }, (_, i) => `${String(i).padEnd(length, "k")}=1`).join("&");

test("hashKeys is the same for the same keys, whatever their values are", () => {
  expect(hashOf("a=1&b.c=2")).toBe(hashOf("a=&b.c=x%20y="));
  expect(hashOf("a=1&b.c=2&")).toBe(hashOf("a=1&b.c=2"));
});

test("hashKeys tells other keys and another order apart", () => {
  const hashes = ["a=1&b=2", "b=1&a=2", "a=1", "a=1&b=2&c=3", "a.b=1", "ab=1", "=1", "=1&=1"].map(hashOf);
  expect(new Set(hashes).size).toBe(hashes.length);
});

test("hashKeys tells apart what comes before", () => {
  expect(hashKeys("a=1", 0, 1, 1, 4)).not.toBe(hashKeys("a=1", 0, 2, 1, 4));
});

const ODD: readonly [rule: string, query: string][] = [
  ["no parameter", ""],
  ["a parameter without =", "a=1&b"],
  ["a parameter without = before one that has it", "a&b=1"],
  ["an empty parameter", "a=1&&b=2"],
  ["an empty parameter in front", "&a=1"],
  ["too many parameters", keysOf(MOST_KEYS + 1, 3)],
  ["a key that is too long", keysOf(1, LONGEST_KEY + 1)],
  ["keys that are too long in all", keysOf(MOST_LETTERS / LONGEST_KEY + 1, LONGEST_KEY)],
];
for (const [rule, query] of ODD) {
  test(`hashKeys finds ${rule} odd`, () => expect(hashOf(query)).toBe(ODD_KEYS));
}

test("hashKeys takes as many keys, as long, as it says", () => {
  for (const query of [
    keysOf(MOST_KEYS, 3),
    keysOf(1, LONGEST_KEY),
    keysOf(MOST_LETTERS / LONGEST_KEY, LONGEST_KEY),
  ]) {
    expect(hashOf(query)).not.toBe(ODD_KEYS);
  }
});

test("hashKeys counts the keys before", () => {
  expect(hashKeys("a=1", 0, 0, MOST_KEYS, 0)).toBe(ODD_KEYS);
  expect(hashKeys("a=1", 0, 0, 1, MOST_LETTERS)).toBe(ODD_KEYS);
});

test("readKeys gives keys as they stand", () => {
  expect(readKeys("?a=1&b%5Bc%5D=x=y&=2&d.0=", 1)).toEqual(["a", "b%5Bc%5D", "", "d.0"]);
});

test("readKeys takes no key with a blank, a control character or a letter that is not ASCII", () => {
  for (const query of ["a b=1", "a\0=1", "é=1", "a\t=1"]) expect(readKeys(query, 0)).toBeNull();
});
