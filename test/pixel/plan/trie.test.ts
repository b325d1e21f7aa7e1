import { expect, test } from "bun:test";
import fc from "fast-check";
import { Text } from "../../../src/pixel/plan/text.ts";
import { Trie } from "../../../src/pixel/plan/trie.ts";

const text = new Text();

/** What is found of a query, and its values. */
function find(trie: Trie<string>, query: string): readonly [string, ...string[]] | null {
  const url = `http://x/?${query}`;
  expect(text.load(url)).toBe(true);
  const shape = trie.find(text);
  if (shape === null) return null;
  const count = query === "" ? 0 : query.replace(/&$/, "").split("&").length;
  return [shape, ...Array.from({ length: count }, (_, i) => url.slice(text.starts[i], text.ends[i]))];
}

function trieOf(...shapes: string[]): Trie<string> {
  const trie = new Trie<string>();
  for (const shape of shapes) trie.add(shape.split(" ")).shape = shape;
  return trie;
}

test("Trie.find gives a shape and its values", () => {
  const trie = trieOf("writeKey a.b name");
  expect(find(trie, "writeKey=demo&a.b=&name=x%20y=z")).toEqual(["writeKey a.b name", "demo", "", "x%20y=z"]);
  expect(find(trie, "writeKey=&a.b=1&name=&")).toEqual(["writeKey a.b name", "", "1", ""]);
});

const UNKNOWN: readonly [rule: string, query: string][] = [
  ["nothing", ""],
  ["the first keys of a shape", "writeKey=demo&a.b=1"],
  ["a shape and more", "writeKey=demo&a.b=1&name=x&c=2"],
  ["another order", "a.b=1&writeKey=demo&name=x"],
  ["a key that begins like one", "writeKey=demo&a.bc=1&name=x"],
  ["a key that one begins with", "writeKey=demo&a=1&name=x"],
  ["another key of the same length", "writeKey=demo&a.c=1&name=x"],
  ["a key without =", "writeKey=demo&a.b&name=x"],
  ["an empty parameter", "writeKey=demo&&a.b=1&name=x"],
  ["an empty parameter in front", "&writeKey=demo&a.b=1&name=x"],
];
for (const [rule, query] of UNKNOWN) {
  test(`Trie.find knows no shape of ${rule}`, () =>
    expect(find(trieOf("writeKey a.b name"), query)).toBeNull());
}

test("Trie.find reads nothing of a longer URL before", () => {
  const trie = trieOf("a longer.key");
  find(trie, "a=1&longer.key=2");
  expect(find(trie, "a=1&longer.key")).toBeNull();
  expect(find(trie, "a=1&longer.")).toBeNull();
});

test("Trie.find tells keys of all lengths and many ways on apart", () => {
  const keys = Array.from({ length: 40 }, (_, i) => `${"k".repeat(i)}${i}`);
  const trie = trieOf(...keys.map((key) => `writeKey ${key}`));
  for (let round = 0; round < 3; round++) {
    for (const key of keys) expect(find(trie, `writeKey=1&${key}=2`)).toEqual([`writeKey ${key}`, "1", "2"]);
    expect(find(trie, "writeKey=1&kk=2")).toBeNull();
  }
});

test("Trie.remove forgets a shape and leaves those that share its keys", () => {
  const trie = trieOf("a b", "a b c", "a d");
  trie.remove(trie.add(["a", "b", "c"]));
  expect(find(trie, "a=1&b=2&c=3")).toBeNull();
  expect(find(trie, "a=1&b=2")).toEqual(["a b", "1", "2"]);
  trie.remove(trie.add(["a", "b"]));
  expect(find(trie, "a=1&b=2")).toBeNull();
  expect(find(trie, "a=1&d=2")).toEqual(["a d", "1", "2"]);
});

test("Trie.find finds those of many ways on that are left", () => {
  const keys = Array.from({ length: 30 }, (_, i) => `key${i}`);
  const trie = trieOf(...keys);
  const [last = ""] = keys.slice(-1);
  for (const key of keys) if (key !== last) trie.remove(trie.add([key]));
  expect(find(trie, `${last}=1`)).toEqual([last, "1"]);
});

test("Trie.find agrees with a map of all shapes, whatever was added, removed and met before", () => {
  const key = fc.constantFrom("a", "b", "ab", "abc.d", "abcd", "abc.e", "writeKey", "w", "");
  const shape = fc.array(key, { minLength: 1, maxLength: 4 }).map((keys) => keys.join(" "));
  const step = fc.tuple(fc.constantFrom("add", "remove", "find"), shape);
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const trie = new Trie<string>();
      const known = new Set<string>();
      for (const [what, name] of steps) {
        const keys = name.split(" ");
        if (what === "add") {
          trie.add(keys).shape = name;
          known.add(name);
        } else if (what === "remove" && known.delete(name)) trie.remove(trie.add(keys));
        const values = keys.map((_, i) => `v${i}`);
        const query = keys.map((each, i) => `${each}=${values[i]}`).join("&");
        expect(find(trie, query)).toEqual(known.has(name) ? [name, ...values] : null);
      }
    }),
    { numRuns: 500 },
  );
});
