// The rules: docs/wire-contract.md, "Fields" and "Flags and policies".
import { describe, expect, test } from "bun:test";
import { Dropped, type SourcePolicy } from "../../src/pixel/build.ts";
import type { Flag } from "../../src/pixel/schema.ts";
import { build, built, type Given, NOW, type Row, testEvents } from "../support/events.ts";

describe("fields that the gateway sets", () => {
  testEvents([
    ["takes the type from the route", "page", "type=track", { type: "page" }],
    ["takes the type from the route, whatever shape is sent", "track", "type.a=1&event=e", { type: "track" }],
    ["removes the write key", "page", "writeKey=wk", { writeKey: undefined }],
    ["sets the channel to web", "page", "", { channel: "web" }],
    ["keeps a channel that is given", "page", "channel=email", { channel: "email" }],
    ["sets integrations", "page", "", { integrations: { All: true } }],
    [
      "ignores integrations that are sent",
      "page",
      "integrations.All=false&integrations.GA=true",
      { integrations: { All: true } },
    ],
    ["ignores integrations sent as a scalar", "page", "integrations=none", { integrations: { All: true } }],
    ["sets receivedAt", "page", "", { receivedAt: NOW }],
    ["ignores a forged receivedAt", "page", "receivedAt=2001-01-01T00:00:00.000Z", { receivedAt: NOW }],
    ["ignores a receivedAt forged as a path", "page", "receivedAt.a=1", { receivedAt: NOW }],
    ["sets request_ip", "page", "", { request_ip: "192.0.2.7" }, { facts: { address: "192.0.2.7" } }],
    [
      "ignores a forged request_ip",
      "page",
      "request_ip=8.8.8.8",
      { request_ip: "192.0.2.7" },
      { facts: { address: "192.0.2.7" } },
    ],
    [
      "ignores a forged request_ip when it sees no address itself",
      "page",
      "request_ip=8.8.8.8",
      { request_ip: undefined },
    ],
    [
      "says in context.gateway what it saw",
      "page",
      "anonymousId=a",
      { "context.gateway": { sourceId: "blog", identity: "client", flags: ["bot", "prefetch"] } },
      { facts: { flags: ["bot", "prefetch"] } },
    ],
    [
      "replaces a context.gateway that is sent",
      "page",
      "anonymousId=a&context.gateway.flags=x&context.gateway.y=1",
      { "context.gateway": { sourceId: "blog", identity: "client", flags: [] } },
    ],
    [
      "replaces a context.gateway that is sent as a scalar",
      "page",
      "anonymousId=a&context.gateway=x",
      { "context.gateway": { sourceId: "blog", identity: "client", flags: [] } },
    ],
    [
      "keeps any other parameter where its path says",
      "page",
      "a=1&b.c=2&d.0=3&properties.e=4&context.f.g=5",
      { a: "1", b: { c: "2" }, d: ["3"], properties: { e: "4" }, "context.f": { g: "5" } },
    ],
    [
      "keeps prototype names as data",
      "page",
      "__proto__.a=1&constructor.prototype.b=2&properties.__proto__=3",
      { "constructor.prototype.b": "2" },
    ],
  ]);

  test("buildEvent carries prototype names to the payload and never to a prototype", () => {
    const { event } = built(
      "page",
      "__proto__.polluted=1&context.__proto__.polluted=1&constructor.polluted=1",
    );
    expect(JSON.stringify(event)).toContain('"__proto__":{"polluted":"1"}');
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect((Object as unknown as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("names and message ids", () => {
  testEvents([
    ["names a page whose name is empty", "page", "name=", { name: "Unknown Page" }],
    ["adds no name to a page without one", "page", "", { name: undefined }],
    ["keeps the name of a page", "page", "name=Home", { name: "Home" }],
    ["leaves an empty name of a track event alone", "track", "event=e&name=", { name: "" }],
    ["keeps the event of a track", "track", "event=Signed+Up", { event: "Signed Up" }],
    ["keeps an event parameter of a page", "page", "event=x", { event: "x" }],
    ["assigns a message id", "page", "anonymousId=a", { messageId: "new-1" }],
    ["keeps a message id, trimmed", "page", "messageId=%20m-1%20", { messageId: "m-1" }],
    [
      "assigns a message id for a blank one",
      "page",
      "anonymousId=a&messageId=%20%20",
      { messageId: "new-1" },
    ],
    [
      "keeps a message id of 255 characters",
      "page",
      `messageId=${"m".repeat(255)}`,
      { messageId: "m".repeat(255) },
    ],
    [
      "measures a message id once it is trimmed",
      "page",
      `messageId=+${"m".repeat(255)}+`,
      { messageId: "m".repeat(255) },
    ],
    [
      "replaces a message id of 256 characters",
      "page",
      `anonymousId=a&messageId=${"m".repeat(256)}`,
      { messageId: "new-1" },
    ],
  ]);

  test("buildEvent returns the message id it wrote", () => {
    expect(built("page", "messageId=%20m-1").messageId).toBe("m-1");
    expect(built("page", "anonymousId=a").messageId).toBe("new-1");
  });
});

describe("policies", () => {
  const flagged = (flags: readonly Flag[], source: Partial<SourcePolicy> = {}): Given => ({
    source,
    facts: { flags, address: "192.0.2.7" },
  });
  const drops: readonly [string, Given, Dropped["reason"]][] = [
    ["a bot where the source says so", flagged(["bot"], { bots: "drop" }), "bot"],
    ["Sec-GPC where the source says so", flagged(["gpc"], { privacySignals: "drop" }), "gpc"],
    ["DNT where the source says so", flagged(["dnt"], { privacySignals: "drop" }), "dnt"],
    [
      "a bot before a privacy signal",
      flagged(["bot", "gpc"], { bots: "drop", privacySignals: "drop" }),
      "bot",
    ],
  ];
  for (const [rule, given, reason] of drops) {
    test(`buildEvent drops ${rule}`, () => {
      const result = build("page", "anonymousId=a", given);
      expect(result).toBeInstanceOf(Dropped);
      expect((result as Dropped).reason).toBe(reason);
    });
  }

  testEvents([
    [
      "flags a bot by default",
      "page",
      "anonymousId=a",
      { "context.gateway.flags": ["bot"] },
      flagged(["bot"]),
    ],
    [
      "never drops a mail proxy",
      "page",
      "anonymousId=a",
      { "context.gateway.flags": ["mail-proxy"] },
      flagged(["mail-proxy"], { bots: "drop" }),
    ],
    [
      "never drops a prefetch",
      "page",
      "anonymousId=a",
      { "context.gateway.flags": ["prefetch"] },
      flagged(["prefetch"], { bots: "drop", privacySignals: "drop" }),
    ],
    [
      "keeps a bot where only privacy signals drop",
      "page",
      "anonymousId=a",
      { anonymousId: "a" },
      flagged(["bot"], { privacySignals: "drop" }),
    ],
    [
      "keeps a privacy signal where only bots drop",
      "page",
      "anonymousId=a",
      { anonymousId: "a" },
      flagged(["gpc"], { bots: "drop" }),
    ],
    [
      "flags privacy signals by default and keeps the ids",
      "page",
      "anonymousId=a&userId=u",
      { anonymousId: "a", userId: "u", "context.ip": "192.0.2.7", "context.gateway.flags": ["gpc", "dnt"] },
      flagged(["gpc", "dnt"]),
    ],
    ...(["gpc", "dnt"] as const).map(
      (flag): Row => [
        `removes who the visitor is on ${flag}`,
        "page",
        "anonymousId=a&userId=u&messageId=m&context.ip=1.2.3.4&context.traits.email=e%40x&name=Home",
        {
          anonymousId: "new-1",
          userId: undefined,
          request_ip: undefined,
          "context.ip": undefined,
          "context.traits": undefined,
          name: "Home",
          "context.gateway": { sourceId: "blog", identity: "assigned", flags: [flag] },
        },
        flagged([flag], { privacySignals: "anonymise" }),
      ],
    ),
    [
      "keeps who the visitor is where no signal comes",
      "page",
      "anonymousId=a",
      { anonymousId: "a" },
      flagged([], { privacySignals: "anonymise" }),
    ],
  ]);
});
