// The rules: docs/wire-contract.md, "From query string to event".
import { describe, expect, test } from "bun:test";
import { Pairs } from "../../src/pixel/pairs.ts";
import { queryOf, readQuery } from "../../src/pixel/query.ts";
import cases from "../fixtures/flat-decoding.json" with { type: "json" };
import { json, nest, reference } from "../support/queries.ts";

/** One row a rule: the rule, the query, the object as JSON text. */
const rules: readonly (readonly [string, string, string])[] = [
  ["reads nothing as an empty object", "", "{}"],
  ["skips empty pairs", "&&a=1&&b=2&", '{"a":"1","b":"2"}'],
  ["parts key and value at the first =", "a=b=c", '{"a":"b=c"}'],
  ["reads a key without = as an empty value", "a&b=", '{"a":"","b":""}'],
  ["reads + as a space in key and value", "a+b=c+d%2B", '{"a b":"c d+"}'],
  ["decodes once", "url=https%253A%252F%252Fx", '{"url":"https%3A%2F%2Fx"}'],
  ["keeps encoded separators in a value", "a=%26b%3D1&c=2", '{"a":"&b=1","c":"2"}'],
  ["keeps encoded separators in a key", "a%26b%3Dc=1", '{"a&b=c":"1"}'],
  ["keeps a broken %", "a=50%%20off&b=%zz&c=%&d=%4", '{"a":"50% off","b":"%zz","c":"%","d":"%4"}'],
  ["replaces what is not UTF-8", "a=%FCber&b=%E9%E9", '{"a":"\ufffdber","b":"\ufffd\ufffd"}'],
  ["keeps a byte order mark", "a=%EF%BB%BFx&b=%EF%BB%BF%", '{"a":"\ufeffx","b":"\ufeff%"}'],
  ["takes ; as an ordinary character", "a=1;b=2", '{"a":"1;b=2"}'],
  [
    "takes merge tags as they stand",
    "a={{id}}&b=*|EMAIL|*&c=%%x%%",
    '{"a":"{{id}}","b":"*|EMAIL|*","c":"%%x%%"}',
  ],
  ["keeps every value a string", "a=1&b=true&c=null&d=[]", '{"a":"1","b":"true","c":"null","d":"[]"}'],

  ["keeps the first value of a repeated key", "a=1&a=2&a=3", '{"a":"1"}'],
  ["knows a repeated key however it is written", "a.b=1&a%2Eb=2&%61.b=3", '{"a":{"b":"1"}}'],
  ["ignores a repeated key after a collision", "a=1&a.b=2&a=3", '{"a":{"b":"2"}}'],
  ["ignores a repeated path after a collision", "a.b=1&a=2&a.b=3", '{"a":"2"}'],
  ["ignores a repeated empty value", "a=&a=2", '{"a":""}'],
  ["ignores an empty key", "=1&a=2&=3", '{"a":"2"}'],
  ["lets the later of two keys with one path win", "a=1&\\a=2", '{"a":"2"}'],
  ["lets the later of two indices with one place win", "a.1=x&a.01=y", '{"a":[null,"y"]}'],

  ["reads a dotted key as a path", "a.b.c=1&a.b.d=2&a.e=3", '{"a":{"b":{"c":"1","d":"2"},"e":"3"}}'],
  ["reads an encoded dot as a dot", "a%2Eb=1", '{"a":{"b":"1"}}'],
  [
    "reads an empty segment as the empty key",
    "a..b=1&.c=2&d.=3",
    '{"a":{"":{"b":"1"}},"":{"c":"2"},"d":{"":"3"}}',
  ],
  ["takes brackets literally", "a[0]=1&a[b]=2", '{"a[0]":"1","a[b]":"2"}'],
  [
    "keeps | # @ * ? in a key",
    "a|b=1&c%23=2&@d=3&e*=4&f?.g=5",
    '{"a|b":"1","c#":"2","@d":"3","e*":"4","f?":{"g":"5"}}',
  ],

  ["makes an array of digits", "a.0=x&a.1=y", '{"a":["x","y"]}'],
  ["fills gaps with null", "a.2=x", '{"a":[null,null,"x"]}'],
  ["fills a gap later", "a.2=x&a.0=y", '{"a":["y",null,"x"]}'],
  ["nests in a gap", "a.1=x&a.0.b=y&a.0.c=z", '{"a":[{"b":"y","c":"z"},"x"]}'],
  ["nests an array in a gap", "a.1=x&a.0.1=y", '{"a":[[null,"y"],"x"]}'],
  ["nests arrays", "a.0.0=x&a.0.1=y&a.1.0=z", '{"a":[["x","y"],["z"]]}'],
  ["reads an index with leading zeros as its number", "a.007=x", `{"a":[${"null,".repeat(7)}"x"]}`],
  ["keeps the root an object", "0=x&-1=y&1.0=z", '{"0":"x","1":["z"],"-1":"y"}'],
  ["takes digits as a key in an object", "a.b=1&a.0=x&a.01=y", '{"a":{"0":"x","b":"1","01":"y"}}'],
  ["takes index 255 as an index", "a.255=x", `{"a":[${"null,".repeat(255)}"x"]}`],
  ["takes a number over 255 as a key", "a.256=x", '{"a":{"256":"x"}}'],
  [
    "takes a number past all integers as a key",
    "a.99999999999999999999=x",
    '{"a":{"99999999999999999999":"x"}}',
  ],
  [
    "takes only ASCII digits as an index",
    "a.%D9%A3=x&b.1e1=y&c.0x1=z",
    '{"a":{"٣":"x"},"b":{"1e1":"y"},"c":{"0x1":"z"}}',
  ],
  ["appends at -1", "a.0=x&a.-1=y", '{"a":["x","y"]}'],
  ["makes an array of -1", "a.-1=x", '{"a":["x"]}'],
  ["appends nested objects at -1", "a.-1.b=1&a.-1.c=2", '{"a":[{"b":"1"},{"c":"2"}]}'],
  ["appends a repeated key once", "a.-1=x&a.-1=y", '{"a":["x"]}'],
  ["takes -1 as a key in an object", "a.b=1&a.-1=x", '{"a":{"b":"1","-1":"x"}}'],
  ["takes -1 as a key where the array is full", "a.255.b=x&a.-1=y", '{"a":{"255":{"b":"x"},"-1":"y"}}'],
  ["takes other negative numbers as keys", "a.-2=x", '{"a":{"-2":"x"}}'],

  ["forces an object key with :", "a.:1=x", '{"a":{"1":"x"}}'],
  ["strips one :", ":a=1&::b=2&c.:=3", '{"a":"1",":b":"2","c":{"":"3"}}'],
  ["forces -1 with :", "a.:-1=x", '{"a":{"-1":"x"}}'],
  ["keeps a : inside a segment", "a:b=1&c.d:=2", '{"a:b":"1","c":{"d:":"2"}}'],
  ["escapes a dot", "a\\.b=1&c.d\\.e=2", '{"a.b":"1","c":{"d.e":"2"}}'],
  ["escapes a :", "\\:a=1&b.\\:1=2", '{":a":"1","b":{":1":"2"}}'],
  ["escapes a backslash", "a\\\\=1&b\\\\.c=2", '{"a\\\\":"1","b\\\\":{"c":"2"}}'],
  ["escapes any character", "\\a\\b=1", '{"ab":"1"}'],
  ["keeps a trailing backslash", "a\\=1&b.c\\=2", '{"a\\\\":"1","b":{"c\\\\":"2"}}'],
  ["reads an encoded backslash as a backslash", "a%5C.b=1", '{"a.b":"1"}'],

  ["turns an array into an object for a name", "a.0=x&a.2=y&a.b=z", '{"a":{"0":"x","2":"y","b":"z"}}'],
  ["turns an array into an object for a number over 255", "a.0=x&a.256=y", '{"a":{"0":"x","256":"y"}}'],
  ["turns an array into an object for a forced key", "a.0=x&a.:1=y", '{"a":{"0":"x","1":"y"}}'],
  ["turns an array in an array into an object", "a.1.0=x&a.1.b=y", '{"a":[null,{"0":"x","b":"y"}]}'],
  ["turns an array in an object into an object", "a.b.0=x&a.b.c.d=y", '{"a":{"b":{"0":"x","c":{"d":"y"}}}}'],
  ["takes digits as keys after that", "a.0=x&a.b=y&a.01=z", '{"a":{"0":"x","b":"y","01":"z"}}'],
  ["knows a repeated key after that", "a.01=x&a.b=y&a.01=z", '{"a":{"1":"x","b":"y"}}'],

  ["lets a path win over an earlier scalar", "a=1&a.b=2", '{"a":{"b":"2"}}'],
  ["lets a scalar win over an earlier path", "a.b=1&a=2", '{"a":"2"}'],
  ["makes an array over an earlier scalar", "a=1&a.1=2", '{"a":[null,"2"]}'],
  ["appends over an earlier scalar", "a=1&a.-1=2", '{"a":["2"]}'],
  ["lets a path win over a scalar in an array", "a.0=1&a.0.b=2", '{"a":[{"b":"2"}]}'],

  ["takes __proto__ as a key", "__proto__=1", '{"__proto__":"1"}'],
  [
    "takes a path through __proto__ as data",
    "__proto__.x=1&a.__proto__.y=2",
    '{"__proto__":{"x":"1"},"a":{"__proto__":{"y":"2"}}}',
  ],
  [
    "takes constructor.prototype as data",
    "constructor.prototype.x=1",
    '{"constructor":{"prototype":{"x":"1"}}}',
  ],
  [
    "takes names of methods as data",
    "toString=1&hasOwnProperty=2&a.valueOf=3",
    '{"toString":"1","hasOwnProperty":"2","a":{"valueOf":"3"}}',
  ],
  [
    "takes names of an array as data",
    "a.0=x&a.length=9&b.0=y&b.push.z=1",
    '{"a":{"0":"x","length":"9"},"b":{"0":"y","push":{"z":"1"}}}',
  ],
  ["takes toJSON as data", "toJSON=1&a.toJSON.b=2", '{"toJSON":"1","a":{"toJSON":{"b":"2"}}}'],
];

describe("the contract", () => {
  test.each(rules.map((rule) => [...rule]))("readQuery %s", (_rule, query, expected) => {
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
