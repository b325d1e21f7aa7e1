// The rules: docs/wire-contract.md, "From query string to event".
import { describe, expect, test } from "bun:test";
import { Pairs } from "../../src/pixel/pairs.ts";
import { queryOf, readQuery } from "../../src/pixel/query.ts";
import cases from "../fixtures/flat-decoding.json" with { type: "json" };
import { json, nest, reference } from "../support/queries.ts";
import { QUERY_RULES } from "../support/queryrules.ts";

describe("the contract", () => {
  test.each(QUERY_RULES.map((rule) => [...rule]))("readQuery %s", (_rule, query, expected) => {
    expect(json(query)).toEqual(JSON.parse(expected));
    expect(reference(query)).toEqual(JSON.parse(expected));
  });
});

describe("caps", () => {
  const parameters = (count: number) => Array.from({ length: count }, (_, i) => `k${i}=${i}`).join("&");
  const tooMany = "400 too many query parameters: more than 512";
  const tooDeep = "400 query key too deep: more than 32 segments";
  const tooManySegments = "400 query keys too deep: more than 2048 segments in all";
  const tooSparse = "400 too many gaps in query arrays: more than 255";

  test("readQuery takes 512 parameters", () => {
    expect(Object.keys(json(parameters(512)) as object)).toHaveLength(512);
  });
  test("readQuery rejects 513 parameters", () => {
    expect(json(parameters(513))).toBe(tooMany);
  });
  test("readQuery counts repeated and nameless parameters, and no empty ones", () => {
    expect(json("a=1&".repeat(513))).toBe(tooMany);
    expect(json("=&".repeat(513))).toBe(tooMany);
    expect(json(`${"&".repeat(2000)}a=1`)).toEqual({ a: "1" });
  });
  test("readQuery takes a key of 32 segments", () => {
    const query = `${Array(32).fill("a").join(".")}=1`;
    expect(JSON.stringify(json(query)).split('{"a":')).toHaveLength(33);
  });
  test("readQuery rejects a key of 33 segments", () => {
    expect(json(`${Array(33).fill("a").join(".")}=1`)).toBe(tooDeep);
    expect(json(".".repeat(32))).toBe(tooDeep);
    expect(json(`x=1&${"%2E".repeat(32)}`)).toBe(tooDeep);
  });
  test("readQuery counts no escaped dot as a segment", () => {
    expect(json(`${"a\\.".repeat(40)}=1`)).toEqual({ ["a.".repeat(40)]: "1" });
  });
  test("readQuery takes one array that is as sparse as an array can be, and rejects a query of more gaps", () => {
    expect(JSON.stringify(json("a.255=1")).match(/null/g)).toHaveLength(255);
    expect(json("a.255=1&b.1=1")).toBe(tooSparse);
    expect(json(`a${".255".repeat(31)}=1`)).toBe(tooSparse);
    expect(json("a.254=1&b.1=1&c.0=1&c.-1=2")).toBeObject();
  });
  test("readQuery takes keys of 2048 segments in all and rejects more", () => {
    const deep = (keys: number) => Array.from({ length: keys }, (_, i) => `a.b.c.${i}=1`).join("&");
    expect(Object.keys(Object(json(deep(256).replaceAll("a.b.c.", "a.b.c.d.e.f.g.k"))))).toEqual(["a"]);
    expect(json(`${deep(256).replaceAll("a.b.c.", "a.b.c.d.e.f.g.k")}&x=1`)).toBe(tooManySegments);
    expect(json(`${".......=1&".repeat(256)}x=1`)).toBe(tooManySegments);
  });
  test("readQuery takes four segments for each of 512 parameters", () => {
    const query = Array.from({ length: 512 }, (_, i) => `properties.list.k${i}.name=1`).join("&");
    expect(json(query)).toBeObject();
  });
  test("readQuery reads keys too long to remember", () => {
    const long = "k".repeat(100);
    for (let i = 0; i < 3; i++)
      expect(json(`a=1&${long}.b=2&c=3`)).toEqual({ a: "1", [long]: { b: "2" }, c: "3" });
  });
  test("readQuery reads the same after more keys than its memory holds", () => {
    const query = "a.b=1&a.c=2&d.0=3&e=%20";
    const before = json(query);
    for (let i = 0; i < 8; i++) {
      readQuery(Array.from({ length: 500 }, (_, j) => `filler${i}.${j}=%20${i * j}`).join("&"));
    }
    expect(json(query)).toEqual(before);
  });
});

describe("flat decoding", () => {
  test("Pairs decodes all 384 flat cases as the URL standard does", () => {
    expect(cases).toHaveLength(384);
    for (const { id, input, wire, expected } of cases) {
      for (const query of [input, wire]) {
        const read: string[][] = [];
        for (const pairs = new Pairs(query); pairs.next(); ) read.push([pairs.path.text, pairs.value]);
        expect({ id, read }).toEqual({ id, read: expected });
      }
    }
  });

  test("readQuery holds the first value of each key of all 384 flat cases", () => {
    for (const { id, wire, expected } of cases) {
      const flat = expected.map(([key, value]) => [key ?? "", value ?? ""] as const);
      expect({ id, read: json(wire) }).toEqual({ id, read: nest(flat) });
    }
  });
});

describe("queryOf", () => {
  test.each([
    ["cuts after the first ?", "/p?a=1?b", "a=1?b"],
    ["cuts before a #", "http://h/p?a=1#b?c", "a=1"],
    ["finds no query behind a #", "/p#a?b=1", ""],
    ["finds no query without a ?", "/p", ""],
    ["takes an empty query", "/p?", ""],
    ["takes an empty target", "", ""],
  ])("queryOf %s", (_rule, url, query) => {
    expect(queryOf(url)).toBe(query);
  });
});
