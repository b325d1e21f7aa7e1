import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Pairs } from "../../src/pixel/pairs.ts";
import { type QueryObject, type QueryValue, queryOf, readQuery } from "../../src/pixel/query.ts";
import { Rejection } from "../../src/pixel/rejection.ts";
import cases from "../fixtures/flat-decoding.json" with { type: "json" };

/** As the subscriber sees it: JSON shows `__proto__` and every gap, and knows no prototype. */
function json(query: string): unknown {
  const result = readQuery(query);
  if (result instanceof Rejection) return `${result.status} ${result.reason}`;
  return JSON.parse(JSON.stringify(result));
}

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
  const tooSparse = "400 too many gaps in query arrays: more than 8192";

  test("readQuery takes 512 parameters", () => {
    expect(Object.keys(json(parameters(512)) as object)).toHaveLength(512);
  });
  test("readQuery refuses 513 parameters", () => {
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
  test("readQuery refuses a key of 33 segments", () => {
    expect(json(`${Array(33).fill("a").join(".")}=1`)).toBe(tooDeep);
    expect(json(".".repeat(32))).toBe(tooDeep);
    expect(json(`x=1&${"%2E".repeat(32)}`)).toBe(tooDeep);
  });
  test("readQuery counts no escaped dot as a segment", () => {
    expect(json(`${"a\\.".repeat(40)}=1`)).toEqual({ ["a.".repeat(40)]: "1" });
  });
  test("readQuery takes one key of nothing but gaps and refuses a query of them", () => {
    const sparse = ".255".repeat(31);
    expect(JSON.stringify(json(`a${sparse}=1`)).match(/null/g)).toHaveLength(31 * 255);
    expect(json(`a${sparse}=1&b${sparse}=1`)).toBe(tooSparse);
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

// Strings made of what the syntax knows, so that paths meet, repeat and collide.
const segment = fc.constantFrom(
  "a",
  "b",
  "0",
  "1",
  "01",
  "3",
  "-1",
  "256",
  ":1",
  ":",
  "",
  "\\b",
  "__proto__",
  "length",
);
const key = fc.oneof(
  { weight: 4, arbitrary: fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(".")) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: fc.constantFrom("a", ".", ":", "\\", "0", "+", "%2E", "%", "=", "%41") }),
  },
);
const nestedQuery = fc
  .array(fc.tuple(key, fc.constantFrom("", "1", "x%20y", "%zz", "%C3", "+")), { maxLength: 24 })
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join("&"));
const anyQuery = fc.oneof(
  nestedQuery,
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ unit: fc.constantFrom(..."ab01.:\\&=+%#?;{}|é\ud800\u0000".split("")), maxLength: 300 }),
  fc
    .array(fc.constantFrom("%", "%E2", "%82", "%ff", "%00", "a", "&", "=", "\udc00", "日"))
    .map((it) => it.join("")),
);
const runs = { numRuns: 2000 };

describe("properties", () => {
  test("readQuery never throws and gives an object or a 400", () => {
    fc.assert(
      fc.property(anyQuery, (query) => {
        const result = readQuery(query);
        if (result instanceof Rejection) expect(result.status).toBe(400);
        else expect(Object.getPrototypeOf(result)).toBeNull();
      }),
      runs,
    );
  });

  test("readQuery agrees with the rules written down naively", () => {
    fc.assert(
      fc.property(nestedQuery, (query) => {
        expect(json(query)).toEqual(reference(query));
      }),
      runs,
    );
  });

  test("readQuery gives the same whatever it read before", () => {
    fc.assert(
      fc.property(anyQuery, anyQuery, (query, other) => {
        const first = JSON.stringify(readQuery(query));
        readQuery(other);
        readQuery(`${other}&${query}`);
        expect(JSON.stringify(readQuery(query))).toBe(first);
      }),
      runs,
    );
  });

  test("readQuery agrees with URLSearchParams on every flat query", () => {
    const flatCharacter = fc.constantFrom(
      ..."ab0-&=+%;{}|é\u0000\ud800\udc00".split(""),
      "%41",
      "%e2%82%ac",
      "%FF",
      "%26",
      "%3D",
    );
    const flat = fc.oneof(
      fc.string({ unit: flatCharacter, maxLength: 100 }),
      fc.string({ unit: "binary", maxLength: 100 }).map((text) => text.replace(/[.:\\]/g, "_")),
      fc.string({ unit: "grapheme", maxLength: 40 }).map((text) => text.replace(/[.:\\]/g, "_")),
    );
    fc.assert(
      fc.property(flat, (query) => {
        const expected: [string, string][] = [];
        // URLSearchParams takes a leading ? away; a query string has none to lose.
        for (const [name, value] of new URLSearchParams(`?${query}`)) {
          if (name !== "" && !expected.some(([earlier]) => earlier === name)) expected.push([name, value]);
        }
        const result = readQuery(query);
        if (result instanceof Rejection) throw new Error(result.reason);
        expect(Object.entries(result).sort()).toEqual(expected.sort());
      }),
      runs,
    );
  });

  test("readQuery never touches a prototype", () => {
    const shared = [
      Object.prototype,
      Array.prototype,
      String.prototype,
      Function.prototype,
      Rejection.prototype,
    ];
    const snapshot = () => shared.map((prototype) => Object.getOwnPropertyDescriptors(prototype));
    const before = snapshot();
    const hostile = fc.constantFrom(
      "__proto__",
      "constructor",
      "prototype",
      "toString",
      "length",
      "0",
      "-1",
      "__defineSetter__",
      "x",
    );
    const path = fc.array(hostile, { minLength: 1, maxLength: 5 }).map((parts) => parts.join("."));
    fc.assert(
      fc.property(fc.array(path, { minLength: 1, maxLength: 12 }), (paths) => {
        const query = paths.map((name, i) => `${name}=${i}`).join("&");
        const result = readQuery(query);
        if (result instanceof Rejection) throw new Error(result.reason);
        expectBare(result);
        expect(json(query)).toEqual(reference(query));
      }),
      runs,
    );
    const after = snapshot();
    for (const [i, prototype] of before.entries()) expect(after[i]).toEqual(prototype);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  // A value or name at most grows sixfold (a control character is six in JSON), so does `.` (`{"":` and `}`). Only
  // gaps grow more, five for each null, and there are at most 8,192 of them.
  test("readQuery gives JSON of at most 6 × the query + 40,968 characters", () => {
    const dense = fc
      .array(fc.constantFrom("a", ".255", ".", ".0", "&", "b", "=", ".-1", "\u0001", '"', "c&.99"))
      .map((it) => it.join(""));
    fc.assert(
      fc.property(fc.oneof(anyQuery, dense), (query) => {
        const result = readQuery(query);
        if (result instanceof Rejection) return;
        const text = JSON.stringify(result);
        expect(text.length).toBeLessThanOrEqual(6 * query.length + 5 * 8192 + 8);
        const gaps = text.match(/null/g)?.length ?? 0;
        expect(text.length).toBeLessThanOrEqual(6 * query.length + 5 * gaps + 8);
      }),
      runs,
    );
  });
});

/** Every object in a result is without prototype and every array is a plain one. */
function expectBare(value: QueryValue): void {
  if (typeof value !== "object" || value === null) return;
  expect(Object.getPrototypeOf(value)).toBe(Array.isArray(value) ? Array.prototype : null);
  for (const child of Object.values(value)) expectBare(child);
}

/** The rules once more, without a thought for speed: the oracle of the property tests, itself held to the table. */
function reference(query: string): unknown {
  return nest([...new URLSearchParams(`?${query}`)]);
}

function nest(pairs: readonly (readonly [string, string])[]): unknown {
  const seen = new Map<string, string>();
  for (const [name, value] of pairs) if (name !== "" && !seen.has(name)) seen.set(name, value);
  let root: QueryValue = Object.create(null) as QueryObject;
  for (const [name, value] of seen) {
    const parts = `.${name}`.match(/\.(?:\\[\s\S]|[^.\\]|\\$)*/g) ?? [];
    root = placed(
      root,
      parts.map((part) => part.slice(1)),
      value,
      true,
    );
  }
  return JSON.parse(JSON.stringify(root));
}

function placed(
  target: QueryValue | undefined,
  segments: readonly string[],
  value: string,
  root = false,
): QueryValue {
  const [written, ...rest] = segments;
  if (written === undefined) return value;
  const forced = written.startsWith(":");
  const name = (forced ? written.slice(1) : written).replace(/\\([\s\S])/g, "$1");
  const index =
    !forced && /^\d+$/.test(name) && Number(name) < 256
      ? Number(name)
      : !forced && name === "-1"
        ? -1
        : undefined;
  if (
    Array.isArray(target) ||
    (!root && index !== undefined && (typeof target !== "object" || target === null))
  ) {
    const array = Array.isArray(target) ? [...target] : [];
    const at = index === -1 ? array.length : index;
    if (at !== undefined && at < 256) {
      while (array.length < at) array.push(null);
      array[at] = placed(array[at], rest, value);
      return array;
    }
  }
  const object = Object.create(null) as QueryObject;
  if (typeof target === "object")
    for (const [old, kept] of Object.entries(target ?? {}))
      if (!Array.isArray(target) || kept !== null) object[old] = kept;
  object[name] = placed(object[name], rest, value);
  return object;
}
