import { describe, expect, test } from "bun:test";
import { checkEvent, EVENT_SCHEMAS, EVENT_TYPES, type EventType } from "../../src/pixel/schema.ts";

const NOW = "2026-11-23T10:00:00.000Z";
const EVENT = {
  type: "page",
  anonymousId: "a",
  channel: "web",
  context: { gateway: { sourceId: "blog", identity: "client", flags: ["bot"] } },
  integrations: { All: true },
  messageId: "m",
  originalTimestamp: NOW,
  sentAt: NOW,
  receivedAt: NOW,
  timestamp: NOW,
};
const TRACK = { ...EVENT, type: "track", event: "Signed Up" };

test("checkEvent admits the least of a page and of a track event", () => {
  expect(checkEvent("page", EVENT)).toBeNull();
  expect(checkEvent("track", TRACK)).toBeNull();
});

test("checkEvent admits what no schema names", () => {
  const context = { ...EVENT.context, custom: { a: ["1", null] }, page: { more: "x" } };
  expect(
    checkEvent("page", { ...EVENT, extra: "1", context, properties: { key: { deep: "2" } } }),
  ).toBeNull();
});

test("checkEvent admits objects without a prototype", () => {
  expect(checkEvent("page", Object.assign(Object.create(null), EVENT))).toBeNull();
});

describe("checkEvent", () => {
  const rows: readonly [type: EventType, change: object, reason: string][] = [
    ["page", { context: "x" }, "context must be an object"],
    ["page", { context: [] }, "context must be an object"],
    ["page", { properties: "x" }, "properties must be an object"],
    ["page", { properties: { title: {} } }, "properties.title must be a string"],
    ["page", { userId: { a: "1" } }, "userId must be a string"],
    ["page", { name: ["x"] }, "name must be a string"],
    ["page", { context: { ...EVENT.context, page: "x" } }, "context.page must be an object"],
    ["page", { context: { ...EVENT.context, page: { path: ["x"] } } }, "context.page.path must be a string"],
    ["track", { event: {} }, "event must be a string"],
    ["track", { properties: ["x"] }, "properties must be an object"],
  ];
  for (const [type, change, reason] of rows) {
    test(`checkEvent names the field: ${reason} (${type}, ${JSON.stringify(change).slice(0, 60)})`, () => {
      expect(checkEvent(type, { ...(type === "page" ? EVENT : TRACK), ...change })).toBe(reason);
    });
  }

  test("checkEvent refuses an event of the other type", () => {
    expect(checkEvent("page", TRACK)).not.toBeNull();
    expect(checkEvent("track", { ...TRACK, event: "" })).not.toBeNull();
    expect(checkEvent("track", { ...EVENT, event: "x" })).not.toBeNull();
  });

  test("checkEvent lets the properties of a track hold anything", () => {
    expect(checkEvent("track", { ...TRACK, properties: { title: { a: "1" }, url: ["x"] } })).toBeNull();
  });
});

test("EVENT_SCHEMAS are JSON Schema that survives JSON, with a description for every field", () => {
  for (const type of EVENT_TYPES) {
    const schema = JSON.parse(JSON.stringify(EVENT_SCHEMAS[type])) as {
      properties: Record<string, { description?: string; const?: string }>;
      required: string[];
    };
    expect(schema.required).toContain("messageId");
    for (const [name, field] of Object.entries(schema.properties)) {
      if (name === "type") expect(field.const).toBe(type);
      else if (name !== "context") expect(field.description ?? "", name).not.toBe("");
    }
  }
});
