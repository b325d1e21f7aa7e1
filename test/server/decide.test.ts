import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readConfig } from "../../src/config/environment.ts";
import { resolveSources, type Sources } from "../../src/config/sources.ts";
import { Dropped } from "../../src/pixel/build.ts";
import { Rejection } from "../../src/pixel/rejection.ts";
import { Accepted, createDecide, type Decision, type PixelRequest } from "../../src/server/decide.ts";
import { createRateLimiter } from "../../src/server/ratelimiter.ts";

const NOW_MS = Date.parse("2026-11-23T10:00:00.000Z");
const CONFIG = {
  sources: [
    { id: "blog", writeKey: "wk_blog", destinations: ["warehouse", "alerts", "paused"] },
    { id: "off", writeKey: "wk_off", destinations: ["warehouse"], enabled: false },
    { id: "once", writeKey: "wk_once", destinations: ["warehouse"], dedupe: "messageId" },
    { id: "slow", writeKey: "wk_slow", destinations: ["warehouse"], rateLimit: 2 },
    {
      id: "strict",
      writeKey: "wk_strict",
      destinations: ["warehouse"],
      bots: "drop",
      privacySignals: "drop",
    },
    { id: "cookie", writeKey: "wk_cookie", destinations: ["warehouse"], anonymousId: "cookie" },
    { id: "nowhere", writeKey: "wk_nowhere", destinations: [] },
  ],
  destinations: [{ id: "warehouse" }, { id: "alerts", events: ["track"] }, { id: "paused", enabled: false }],
};

function sourcesOf(content: unknown): Sources {
  const sources = resolveSources(content, "pixel");
  if (Array.isArray(sources)) throw new Error(sources.join("\n"));
  return sources;
}

const SOURCES = sourcesOf(CONFIG);

interface Options {
  readonly maxUrlBytes?: number;
  readonly trusted?: string;
}

function decideOf({ maxUrlBytes = 16_384, trusted = "" }: Options = {}): (request: PixelRequest) => Decision {
  const config = readConfig({ TRUSTED_PROXIES: trusted });
  if (Array.isArray(config)) throw new Error(config.join("\n"));
  let ids = 0;
  return createDecide({
    maxUrlBytes,
    trustedProxies: config.trustedProxies,
    sources: () => SOURCES,
    newId: () => `new-${++ids}`,
    rateLimiter: createRateLimiter(1),
  });
}

function requestOf(
  target: string,
  headers: Record<string, string> = {},
  peer: string | null = "192.0.2.1",
): PixelRequest {
  const type = target.startsWith("/pixel/v1/track") ? "track" : "page";
  return {
    type,
    url: `http://pixel.example${target}`,
    headers: new Headers(headers),
    peer,
    receivedMs: NOW_MS,
  };
}

function accepted(decision: Decision): Accepted {
  const { result } = decision;
  if (!(result instanceof Accepted)) throw new Error(`Not accepted: ${result.reason}`);
  return result;
}

function eventOf(decision: Decision): Record<string, Record<string, unknown>> {
  return JSON.parse(accepted(decision).outgoing.payload);
}

const page = (query: string) => `/pixel/v1/page?${query}`;

describe("refusals", () => {
  const rows: readonly [
    rule: string,
    target: string,
    status: number,
    reason: string,
    sourceId: string | null,
  ][] = [
    ["a request without a query", "/pixel/v1/page", 400, "failed to read writekey from query params", null],
    ["a request without a write key", page("a=1"), 400, "failed to read writekey from query params", null],
    ["an empty write key", page("writeKey="), 400, "failed to read writekey from query params", null],
    ["a blank write key", page("writeKey=%20+"), 400, "failed to read writekey from query params", null],
    [
      "a write key as a path",
      page("writeKey.a=wk_blog"),
      400,
      "failed to read writekey from query params",
      null,
    ],
    [
      "a write key in other letters",
      page("writekey=wk_blog"),
      400,
      "failed to read writekey from query params",
      null,
    ],
    [
      "a write key after #",
      page("a=1#&writeKey=wk_blog"),
      400,
      "failed to read writekey from query params",
      null,
    ],
    ["an unknown write key", page("writeKey=nobody"), 400, "invalid write key", null],
    ["a write key in other case", page("writeKey=WK_BLOG"), 400, "invalid write key", null],
    ["a write key that is a prototype name", page("writeKey=__proto__"), 400, "invalid write key", null],
    ["a disabled source", page("writeKey=wk_off"), 400, "source is disabled", "off"],
    [
      "a track without event",
      "/pixel/v1/track?writeKey=wk_blog",
      400,
      "track: Mandatory field 'event' missing",
      "blog",
    ],
    [
      "a context that is no object",
      page("writeKey=wk_blog&context=x"),
      400,
      "context must be an object",
      "blog",
    ],
    [
      "513 parameters",
      page(`writeKey=wk_blog${"&a=1".repeat(512)}`),
      400,
      "too many query parameters: more than 512",
      "blog",
    ],
    [
      "513 parameters of a stranger",
      page(`writeKey=nobody${"&a=1".repeat(512)}`),
      400,
      "too many query parameters: more than 512",
      null,
    ],
    [
      "513 parameters without a write key",
      page("a=1&".repeat(513)),
      400,
      "too many query parameters: more than 512",
      null,
    ],
    [
      "a key of 33 segments",
      page(`writeKey=wk_blog&${"a.".repeat(32)}a=1`),
      400,
      "query key too deep: more than 32 segments",
      "blog",
    ],
  ];
  for (const [rule, target, status, reason, sourceId] of rows) {
    test(`createDecide refuses ${rule}`, () => {
      const { source, result } = decideOf()(requestOf(target));
      expect(result).toEqual(new Rejection(status, reason));
      expect(source?.id ?? null).toBe(sourceId);
    });
  }

  test("createDecide trims a write key", () => {
    for (const key of ["%20wk_blog%0A", "+wk_blog+", "wk_blog%20%20"]) {
      expect(decideOf()(requestOf(page(`writeKey=${key}`))).result).toBeInstanceOf(Accepted);
    }
  });

  test("createDecide takes 512 parameters and 32 segments", () => {
    const many = page(`writeKey=wk_blog${"&a=1".repeat(511)}`);
    const deep = page(`writeKey=wk_blog&${"a.".repeat(31)}a=1`);
    expect(decideOf()(requestOf(many)).result).toBeInstanceOf(Accepted);
    expect(decideOf()(requestOf(deep)).result).toBeInstanceOf(Accepted);
  });

  test("createDecide measures the target, without scheme and host", () => {
    const decide = decideOf({ maxUrlBytes: 256 });
    const start = page("writeKey=wk_blog&a=");
    const fits = start + "x".repeat(256 - start.length);
    expect(decide(requestOf(fits)).result).toBeInstanceOf(Accepted);
    expect(decide(requestOf(`${fits}x`))).toEqual({
      source: null,
      result: new Rejection(414, "request target too long: more than 256 bytes"),
    });
    expect(decide({ ...requestOf(fits), url: fits }).result).toBeInstanceOf(Accepted);
    expect((decide({ ...requestOf(fits), url: `${fits}x` }).result as Rejection).status).toBe(414);
  });
});

describe("rate limits", () => {
  test("createDecide refuses with 429 past a source's rate, and takes more a second later", () => {
    const decide = decideOf();
    const request = requestOf(page("writeKey=wk_slow"));
    const statuses = Array.from({ length: 4 }, () => decide(request).result).map((result) =>
      result instanceof Rejection ? `${result.status} ${result.reason}` : "accepted",
    );
    const refused = "429 source is over its rate limit";
    expect(statuses).toEqual(["accepted", "accepted", refused, refused]);
    expect(decide({ ...request, receivedMs: NOW_MS + 1000 }).result).toBeInstanceOf(Accepted);
    expect(decide(requestOf(page("writeKey=wk_blog"))).result).toBeInstanceOf(Accepted);
  });

  test("createDecide takes nothing of the rate for a HEAD", () => {
    const decide = decideOf();
    const request = requestOf(page("writeKey=wk_slow"));
    for (let index = 0; index < 5; index++) decide({ ...request, isProbe: true });
    expect(decide(request).result).toBeInstanceOf(Accepted);
  });
});

describe("outgoing", () => {
  test("createDecide routes a page to the enabled destinations that admit pages", () => {
    const { outgoing } = accepted(decideOf()(requestOf(page("writeKey=wk_blog&anonymousId=a&messageId=m"))));
    expect(outgoing.payloadBytes).toBe(Buffer.byteLength(outgoing.payload));
    expect({ ...outgoing, payload: JSON.parse(outgoing.payload) }).toEqual({
      id: "new-1",
      sourceId: "blog",
      type: "page",
      routes: [{ destinationId: "warehouse", subject: "pixel.warehouse.page" }],
      payloadBytes: expect.any(Number),
      payload: {
        type: "page",
        anonymousId: "a",
        messageId: "m",
        channel: "web",
        integrations: { All: true },
        context: { ip: "192.0.2.1", gateway: { sourceId: "blog", identity: "client", flags: [] } },
        request_ip: "192.0.2.1",
        originalTimestamp: "2026-11-23T10:00:00.000Z",
        sentAt: "2026-11-23T10:00:00.000Z",
        receivedAt: "2026-11-23T10:00:00.000Z",
        timestamp: "2026-11-23T10:00:00.000Z",
      },
    });
  });

  test("createDecide routes a track to every enabled destination", () => {
    const { outgoing } = accepted(decideOf()(requestOf("/pixel/v1/track?writeKey=wk_blog&event=e")));
    expect(outgoing.routes.map((route) => route.subject)).toEqual([
      "pixel.warehouse.track",
      "pixel.alerts.track",
    ]);
  });

  test("createDecide accepts an event that no destination takes", () => {
    expect(accepted(decideOf()(requestOf(page("writeKey=wk_nowhere")))).outgoing.routes).toEqual([]);
  });

  test("createDecide gives each accepted request an id of its own, whatever messageId it has", () => {
    const decide = decideOf();
    const request = requestOf(page("writeKey=wk_blog&anonymousId=a&messageId=same"));
    expect(accepted(decide(request)).outgoing.id).not.toBe(accepted(decide(request)).outgoing.id);
  });

  const tokens: readonly [rule: string, messageId: string, id: RegExp][] = [
    ["takes the messageId of a source that dedupes", "order-1", /^once\.order-1$/],
    ["trims it first", "%20order-1%20", /^once\.order-1$/],
    ["hashes one with a space", "order%201", /^once\.[\w-]{43}$/],
    ["hashes one with a line break", "a%0D%0AX:1", /^once\.[\w-]{43}$/],
    ["hashes one that is not ASCII", "caf%C3%A9", /^once\.[\w-]{43}$/],
    ["assigns one where there is none", "", /^once\.new-\d$/],
  ];
  for (const [rule, messageId, id] of tokens) {
    test(`createDecide ${rule}`, () => {
      const request = requestOf(page(`writeKey=wk_once&anonymousId=a&messageId=${messageId}`));
      const first = accepted(decideOf()(request)).outgoing.id;
      expect(first).toMatch(id);
      expect(accepted(decideOf()(request)).outgoing.id).toBe(first);
    });
  }

  test("createDecide keeps client text out of subjects and header ids", () => {
    const text = fc
      .string({ unit: "binary", maxLength: 40 })
      .map((value) => encodeURIComponent(value.toWellFormed()));
    fc.assert(
      fc.property(text, text, (messageId, name) => {
        const query = `writeKey=wk_once&messageId=${messageId}&name=${name}&type=${name}`;
        const { outgoing } = accepted(decideOf()(requestOf(page(query))));
        expect(outgoing.id).toMatch(/^once\.[A-Za-z0-9_.:@=+/-]+$/);
        expect(outgoing.routes.map((route) => route.subject)).toEqual(["pixel.warehouse.page"]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("what the headers say", () => {
  test("createDecide puts what it saw on the event", () => {
    const headers = { "User-Agent": "Googlebot/2.1", Purpose: "prefetch", "Sec-GPC": "1", DNT: "1" };
    const event = eventOf(decideOf()(requestOf(page("writeKey=wk_blog&anonymousId=a"), headers)));
    const flags = ["bot", "prefetch", "gpc", "dnt"];
    expect(event.context?.gateway).toEqual({ sourceId: "blog", identity: "client", flags });
  });

  const drops: readonly [rule: string, headers: Record<string, string>, reason: Dropped["reason"]][] = [
    ["bots", { "User-Agent": "Googlebot/2.1" }, "bot"],
    ["Sec-GPC", { "Sec-GPC": "1" }, "gpc"],
    ["DNT", { DNT: "1" }, "dnt"],
  ];
  for (const [rule, headers, reason] of drops) {
    test(`createDecide drops ${rule} where the source says so`, () => {
      const { source, result } = decideOf()(requestOf(page("writeKey=wk_strict"), headers));
      expect(result).toEqual(new Dropped(reason));
      expect(source?.id).toBe("strict");
    });
  }

  test("createDecide fills the context from User-Agent, Accept-Language and Referer", () => {
    const headers = {
      "User-Agent": "Agent/1",
      "Accept-Language": "de-CH,de;q=0.9",
      Referer: "https://site.example/a",
    };
    const { context } = eventOf(decideOf()(requestOf(page("writeKey=wk_blog"), headers)));
    expect(context).toMatchObject({
      userAgent: "Agent/1",
      locale: "de-CH",
      page: { url: "https://site.example/a" },
    });
  });

  test("createDecide reads and sets the cookie of a source that keeps one", () => {
    const id = "0f9ac4c3-6f5e-4f9a-8f5d-2f6f3f0a9c11";
    const request = requestOf(page("writeKey=wk_cookie"));
    expect(accepted(decideOf()(request)).setCookie).toStartWith("pixelgate_id=new-1; ");
    const back = decideOf()({ ...request, headers: new Headers({ Cookie: `pixelgate_id=${id}` }) });
    expect(accepted(back).setCookie).toBeNull();
    expect(eventOf(back)).toMatchObject({ anonymousId: id, context: { gateway: { identity: "cookie" } } });
  });

  test("createDecide believes X-Forwarded-For from a trusted proxy alone", () => {
    const request = requestOf(
      page("writeKey=wk_blog"),
      { "X-Forwarded-For": "203.0.113.5, 10.0.0.2" },
      "10.0.0.1",
    );
    expect(eventOf(decideOf()(request))).toMatchObject({
      request_ip: "10.0.0.1",
      context: { ip: "10.0.0.1" },
    });
    expect(eventOf(decideOf({ trusted: "10.0.0.0/8" })(request))).toMatchObject({
      request_ip: "203.0.113.5",
      context: { ip: "203.0.113.5" },
    });
  });

  test("createDecide gives no address where the runtime knows no peer", () => {
    const event = eventOf(decideOf()(requestOf(page("writeKey=wk_blog"), {}, null)));
    expect(event.request_ip).toBeUndefined();
    expect(event.context?.ip).toBeUndefined();
  });
});

test("createDecide gives any target and any headers an event, a drop or a reason of plain ASCII, and never throws", () => {
  const decide = decideOf({ maxUrlBytes: 512, trusted: "10.0.0.0/8" });
  const fragment = fc.oneof(
    fc.constantFrom(
      "writeKey=wk_blog",
      "writeKey=wk_strict",
      "&",
      "=",
      "?",
      "#",
      "%",
      "+",
      ".",
      ":",
      "\\",
      "/",
    ),
    fc.constantFrom(
      "event=e",
      "context",
      "context.page",
      "properties",
      "userId",
      "messageId=",
      "name=",
      "%E0%A4",
    ),
    fc.string({ unit: "binary", maxLength: 8 }),
  );
  const query = fc.array(fragment, { maxLength: 20 }).map((parts) => parts.join(""));
  const name = fc.constantFrom(
    "User-Agent",
    "Referer",
    "Cookie",
    "X-Forwarded-For",
    "Accept-Language",
    "Sec-GPC",
    "DNT",
    "Purpose",
  );
  const headers = fc.array(
    fc.tuple(
      name,
      fc.string({ maxLength: 40 }).map((text) => text.replace(/[^ -~]/g, "~")),
    ),
  );
  const peer = fc.constantFrom(null, "10.0.0.1", "::1", "192.0.2.1");
  fc.assert(
    fc.property(fc.constantFrom("page", "track"), query, headers, peer, (type, text, pairs, from) => {
      const target = `/pixel/v1/${type}?writeKey=wk_blog&event=e&${text}`;
      const { source, result } = decide({ ...requestOf(target, {}, from), headers: new Headers(pairs) });
      if (result instanceof Rejection) {
        expect(result.reason).toMatch(/^[\x20-\x7e]+$/);
        // A key that is written in another way, such as `\\writeKey`, is another key to the same place.
        if (result.status === 414) expect(source).toBeNull();
        else if (source === null) expect(result.reason).toMatch(/write ?key/);
      } else if (result instanceof Accepted) {
        expect(JSON.parse(result.outgoing.payload)).toMatchObject({
          type,
          context: { gateway: { sourceId: source?.id } },
        });
      } else expect(source?.bots).toBe("drop");
    }),
    { numRuns: 2000 },
  );
});
