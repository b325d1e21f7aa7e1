import { expect, test } from "bun:test";
import fc from "fast-check";
import { Dropped, type SourcePolicy } from "../../src/pixel/build.ts";
import type { RequestFacts } from "../../src/pixel/facts.ts";
import { Rejection } from "../../src/pixel/rejection.ts";
import { checkEvent, EVENT_TYPES, type Flag } from "../../src/pixel/schema.ts";
import { at, build, NOW } from "../support/events.ts";

const NAMES = [
  "type",
  "writeKey",
  "channel",
  "integrations",
  "anonymousId",
  "userId",
  "name",
  "event",
  "messageId",
  "originalTimestamp",
  "sentAt",
  "receivedAt",
  "timestamp",
  "request_ip",
  "context",
  "properties",
  "page",
  "gateway",
  "ip",
  "traits",
  "url",
  "title",
  "userAgent",
  "locale",
  "screen",
  "flags",
  "__proto__",
  "constructor",
  "toString",
  "0",
  "-1",
  "5",
  "",
];
const VALUES = [
  "",
  " ",
  '""',
  "x",
  "2026-11-23T10:00:00Z",
  "9999-12-31T23:59:59.999Z",
  "1.2.3.4",
  "::1",
  "%E0",
];
const key = fc
  .array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join("."));
const value = fc.oneof(
  fc.constantFrom(...VALUES),
  fc.string({ unit: "binary" }).map((text) => encodeURIComponent(text.toWellFormed())),
);
const query = fc
  .array(fc.tuple(key, value), { maxLength: 12 })
  .map((pairs) => pairs.map(([name, text]) => `${name}=${text}`).join("&"));
const flags = fc.subarray<Flag>(["bot", "mail-proxy", "prefetch", "gpc", "dnt"]);
const text = fc.option(fc.string());
const facts: fc.Arbitrary<RequestFacts> = fc.record({
  userAgent: text,
  locale: text,
  referer: text,
  cookie: text,
  address: fc.option(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string())),
  flags,
});
const source: fc.Arbitrary<SourcePolicy> = fc.record({
  id: fc.constant("blog"),
  anonymousId: fc.constantFrom("assign", "cookie", "reject"),
  ip: fc.constantFrom("keep", "truncate", "drop"),
  privacySignals: fc.constantFrom("flag", "anonymise", "drop"),
  bots: fc.constantFrom("flag", "drop"),
});

test("buildEvent gives an event that fits its schema as JSON, a drop or a reason, and never throws", () => {
  fc.assert(
    fc.property(fc.constantFrom(...EVENT_TYPES), query, source, facts, (type, queryText, policy, seen) => {
      const result = build(type, queryText, { source: policy, facts: seen });
      if (result instanceof Dropped) return;
      if (result instanceof Rejection) {
        expect(result.status).toBe(400);
        expect(result.reason).toMatch(/^[\x20-\x7e]+$/);
        return;
      }
      const event: unknown = JSON.parse(JSON.stringify(result.event));
      expect(checkEvent(type, event)).toBeNull();
      expect(at(event, "type")).toBe(type);
      expect(at(event, "receivedAt")).toBe(NOW);
      expect(at(event, "integrations")).toEqual({ All: true });
      expect(at(event, "context.gateway.sourceId")).toBe("blog");
      expect(at(event, "context.gateway.flags")).toEqual([...seen.flags]);
      expect(Object.keys(Object(event))).not.toContain("writeKey");
      expect(at(event, "messageId")).toBe(result.messageId);
      expect(`${at(event, "anonymousId") ?? ""}${at(event, "userId") ?? ""}`.trim()).not.toBe("");
    }),
    { numRuns: 2000 },
  );
});

test("buildEvent gives the same event for the same query", () => {
  fc.assert(
    fc.property(fc.constantFrom(...EVENT_TYPES), query, (type, queryText) => {
      expect(JSON.stringify(build(type, queryText))).toBe(JSON.stringify(build(type, queryText)));
    }),
    { numRuns: 300 },
  );
});
