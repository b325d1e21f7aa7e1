import { expect, test } from "bun:test";
import { NO_LAYOUT, readLayout } from "../../../src/pixel/plan/layout.ts";

test("readLayout finds the parameters whose text decides something", () => {
  const keys =
    "x anonymousId writeKey context.ip name userId event messageId originalTimestamp sentAt timestamp";
  expect(readLayout(keys.split(" "))).toEqual({
    anonymousId: 1,
    writeKey: 2,
    ip: 3,
    name: 4,
    userId: 5,
    event: 6,
    messageId: 7,
    originalTimestamp: 8,
    sentAt: 9,
    timestamp: 10,
  });
});

test("readLayout finds them however they are written, and the first of those that come again", () => {
  expect(readLayout(["%77riteKey", "user%49d", "\\name", "writeKey", "userId", "context.\\ip"])).toEqual({
    ...NO_LAYOUT,
    writeKey: 0,
    userId: 1,
    name: 2,
    ip: 5,
  });
});

test("readLayout finds those that go over others", () => {
  expect(readLayout(["writeKey", "event.a", "event"])).toEqual({ ...NO_LAYOUT, writeKey: 0, event: 2 });
});

const ODD: readonly [rule: string, keys: string][] = [
  ["no write key", "anonymousId name"],
  ["a write key with fields", "writeKey.a"],
  ["an anonymousId with fields", "writeKey anonymousId.a"],
  ["a userId that is an array", "writeKey userId.0"],
  ["a messageId with fields", "writeKey messageId.a"],
  ["timestamps with fields", "writeKey sentAt.a"],
  ["a key that is too deep", `writeKey ${"a.".repeat(33)}b`],
];
for (const [rule, keys] of ODD) {
  test(`readLayout gives none for ${rule}`, () => expect(readLayout(keys.split(" "))).toBeNull());
}

test("readLayout leaves a name or an event with fields to the check", () => {
  expect(readLayout(["writeKey", "name.a", "event.a", "context.0", "context.ip.a"])).toEqual({
    ...NO_LAYOUT,
    writeKey: 0,
  });
});
