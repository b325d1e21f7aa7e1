import { expect, test } from "bun:test";
import { cut, type Place } from "../../../src/pixel/plan/cut.ts";
import { wordsOf } from "../../../src/pixel/plan/piece.ts";
import { PACKED, type Plan, SLOT, TEXT } from "../../../src/pixel/plan/plan.ts";
import { type QueryObject, readQuery } from "../../../src/pixel/query.ts";
import { Rejection } from "../../../src/pixel/rejection.ts";

const place = (parameter: number): Place => ({ kind: SLOT.value, parameter, text: TEXT.none });
const FLAGS: readonly string[] = [];

function read(query: string): QueryObject {
  const object = readQuery(query);
  if (object instanceof Rejection) throw new Error(object.reason);
  return object;
}

/** A plan's pieces and, between them, the parameters of its slots. */
function shown(plan: Plan | null): (string | number)[] {
  if (plan === null) throw new Error("there is no plan");
  const { slots, pieces, endBytes } = plan;
  const bytes = Buffer.from(pieces.buffer);
  const parts: (string | number)[] = [];
  let at = 0;
  const take = (length: number) => {
    parts.push(bytes.toString("utf8", at, at + length));
    at += wordsOf(length) * 8;
  };
  for (let slot = 0; slot < slots.length; slot += PACKED) {
    take(slots[slot] ?? 0);
    parts.push(slots[slot + 2] ?? Number.NaN);
  }
  take(endBytes);
  return parts;
}

test("cut ends a piece at each text that is a marker", () => {
  const places = new Map([
    ["<0>", place(0)],
    ["<1>", place(1)],
  ]);
  const event = read("a=<0>&b.c=é&b.d=<1>&l.1=<0>&l.2=x");
  expect(shown(cut(event, places, FLAGS))).toEqual([
    '{"a":"',
    0,
    '","b":{"c":"é","d":"',
    1,
    '"},"l":[null,"',
    0,
    '","x"]}',
  ]);
});

test("cut takes no key for a marker", () => {
  expect(shown(cut(read("<0>=x&a.<0>=<0>"), new Map([["<0>", place(0)]]), FLAGS))).toEqual([
    '{"<0>":"x","a":{"<0>":"',
    0,
    '"}}',
  ]);
});

test("cut leaves out what is hidden, and writes numbers as keys first, as JSON does", () => {
  const event = { ...read("b=<0>&7=x&hidden=y"), hidden: undefined } as unknown as QueryObject;
  expect(shown(cut(event, new Map([["<0>", place(0)]]), FLAGS))).toEqual(['{"7":"x","b":"', 0, '"}']);
});

test("cut ends a piece at the flags", () => {
  const flags = FLAGS as unknown as QueryObject[string];
  const plan = cut({ a: flags, b: [] }, new Map(), FLAGS);
  expect(plan?.slots[1]).toBe(SLOT.flags);
  expect(shown(plan)).toEqual(['{"a":', -1, ',"b":[]}']);
});

test("cut counts how often a value is written at most, and the bytes of all pieces", () => {
  const plan = cut(
    read("a=<0>&b=<0>&c=<1>&d=<0>"),
    new Map([
      ["<0>", place(0)],
      ["<1>", place(1)],
    ]),
    FLAGS,
  );
  expect(plan?.repeats).toBe(3);
  expect(plan?.bytes).toBe('{"a":"","b":"","c":"","d":""}'.length);
});

test("cut makes nothing of an event that JSON writes otherwise", () => {
  const event = { a: { toJSON: () => "x" } } as unknown as QueryObject;
  expect(cut(event, new Map(), FLAGS)).toBeNull();
});
