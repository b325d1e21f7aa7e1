import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type Built,
  buildEvent,
  Dropped,
  type RequestFacts,
  type SourcePolicy,
} from "../../src/pixel/build.ts";
import { readQuery } from "../../src/pixel/query.ts";
import { Rejection } from "../../src/pixel/rejection.ts";
import { checkEvent, EVENT_TYPES, type EventType, type Flag } from "../../src/pixel/schema.ts";

const NOW = "2026-11-23T10:00:00.000Z";
const NOW_MS = Date.parse(NOW);
const UUID = "0f9ac4c3-6f5e-4f9a-8f5d-2f6f3f0a9c11";

const SOURCE: SourcePolicy = {
  id: "blog",
  anonymousId: "assign",
  ip: "keep",
  privacySignals: "flag",
  bots: "flag",
};

const FACTS: RequestFacts = {
  userAgent: null,
  acceptLanguage: null,
  referer: null,
  cookie: null,
  address: null,
  flags: [],
};

interface Given {
  readonly source?: Partial<SourcePolicy>;
  readonly facts?: Partial<RequestFacts>;
}

function build(type: EventType, queryText: string, given: Given = {}): Built | Dropped | Rejection {
  const query = readQuery(queryText);
  if (query instanceof Rejection) throw new Error(`The query of a row is refused: ${query.reason}`);
  let ids = 0;
  return buildEvent(
    type,
    query,
    { ...SOURCE, ...given.source },
    { ...FACTS, ...given.facts },
    NOW_MS,
    () => `new-${++ids}`,
  );
}

function built(type: EventType, query: string, given?: Given): Built {
  const result = build(type, query, given);
  if (result instanceof Rejection || result instanceof Dropped) {
    throw new Error(`${query} gives no event: ${result.reason}`);
  }
  return result;
}

/** The event as a subscriber reads it. */
function eventOf(type: EventType, query: string, given?: Given): unknown {
  return JSON.parse(JSON.stringify(built(type, query, given).event));
}

function at(event: unknown, path: string): unknown {
  return path
    .split(".")
    .reduce((value: unknown, key) => (Object(value) as Record<string, unknown>)[key], event);
}

type Fields = Readonly<Record<string, unknown>>;
type Row = readonly [rule: string, type: EventType, query: string, fields: Fields, given?: Given];

/** One test a row; `undefined` says that the event has no such field. */
function table(rows: readonly Row[]): void {
  for (const [rule, type, query, fields, given] of rows) {
    test(`buildEvent ${rule}`, () => {
      const event = eventOf(type, query, given);
      const found = Object.fromEntries(Object.keys(fields).map((path) => [path, at(event, path)]));
      expect(found).toEqual(fields);
    });
  }
}

describe("fields that the gateway sets", () => {
  table([
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
      {
        integrations: { All: true },
      },
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
      {
        request_ip: undefined,
      },
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
      {
        "context.gateway": { sourceId: "blog", identity: "client", flags: [] },
      },
    ],
    [
      "replaces a context.gateway that is sent as a scalar",
      "page",
      "anonymousId=a&context.gateway=x",
      {
        "context.gateway": { sourceId: "blog", identity: "client", flags: [] },
      },
    ],
    [
      "keeps any other parameter where its path says",
      "page",
      "a=1&b.c=2&d.0=3&properties.e=4&context.f.g=5",
      {
        a: "1",
        b: { c: "2" },
        d: ["3"],
        properties: { e: "4" },
        "context.f": { g: "5" },
      },
    ],
    [
      "keeps prototype names as data",
      "page",
      "__proto__.a=1&constructor.prototype.b=2&properties.__proto__=3",
      {
        "constructor.prototype.b": "2",
      },
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

describe("identity", () => {
  const COOKIE: Given = { source: { anonymousId: "cookie" } };
  table([
    [
      "keeps an anonymousId",
      "page",
      "anonymousId=amp-abc",
      {
        anonymousId: "amp-abc",
        "context.gateway.identity": "client",
      },
    ],
    ["strips one pair of surrounding quotes", "page", "anonymousId=%22a-b%22", { anonymousId: "a-b" }],
    ["strips no second pair of quotes", "page", "anonymousId=%22%22a%22%22", { anonymousId: '"a"' }],
    ["keeps a quote that stands alone", "page", "anonymousId=%22a", { anonymousId: '"a' }],
    ["keeps an anonymousId of one quote", "page", "anonymousId=%22", { anonymousId: '"' }],
    ["keeps the quotes of a userId", "page", "userId=%22u%22", { userId: '"u"' }],
    [
      "keeps an encrypted cookie as it is",
      "page",
      "anonymousId=RudderEncrypt%3AU2Fsd%2BGVk%3D",
      {
        anonymousId: "RudderEncrypt:U2Fsd+GVk=",
      },
    ],
    [
      "adds no anonymousId to a userId",
      "page",
      "userId=u-1",
      {
        userId: "u-1",
        anonymousId: undefined,
        "context.gateway.identity": "client",
      },
    ],
    [
      "assigns an id when none is given",
      "page",
      "",
      {
        anonymousId: "new-1",
        "context.gateway.identity": "assigned",
      },
    ],
    ["takes blank ids as not given", "page", "anonymousId=&userId=%20", { anonymousId: "new-1" }],
    ["takes a quoted nothing as not given", "page", "anonymousId=%22%22", { anonymousId: "new-1" }],
    [
      "takes blank beside a userId as not given",
      "page",
      "anonymousId=%20&userId=u",
      {
        userId: "u",
        "context.gateway.identity": "client",
      },
    ],
    [
      "keeps a given id where a source keeps a cookie",
      "page",
      "anonymousId=a",
      { anonymousId: "a" },
      {
        ...COOKIE,
        facts: { cookie: `pixelgate_id=${UUID}` },
      },
    ],
    [
      "reads the visitor's cookie",
      "page",
      "",
      {
        anonymousId: UUID,
        "context.gateway.identity": "cookie",
      },
      { ...COOKIE, facts: { cookie: `a=b; pixelgate_id=${UUID}; c=d` } },
    ],
    [
      "reads a cookie that stands alone",
      "track",
      "event=e",
      { anonymousId: UUID },
      {
        ...COOKIE,
        facts: { cookie: `pixelgate_id=${UUID}` },
      },
    ],
    [
      "makes a new id in place of a forged cookie",
      "page",
      "",
      { anonymousId: "new-1" },
      {
        ...COOKIE,
        facts: { cookie: "pixelgate_id=<script>" },
      },
    ],
    [
      "is not misled by a cookie of a longer name",
      "page",
      "",
      { anonymousId: "new-1" },
      {
        ...COOKIE,
        facts: { cookie: `xpixelgate_id=${UUID}` },
      },
    ],
    [
      "reads no cookie for a source that assigns",
      "page",
      "",
      {
        anonymousId: "new-1",
        "context.gateway.identity": "assigned",
      },
      { facts: { cookie: `pixelgate_id=${UUID}` } },
    ],
    ...(["gpc", "dnt"] as const).map(
      (flag): Row => [
        `reads no cookie of a visitor who sends ${flag}`,
        "page",
        "",
        { anonymousId: "new-1", "context.gateway.identity": "assigned" },
        { ...COOKIE, facts: { cookie: `pixelgate_id=${UUID}`, flags: [flag] } },
      ],
    ),
  ]);

  const cookieOf = (query: string, given: Given) => built("page", query, given).setCookie;

  test("buildEvent sets the cookie when it is missing", () => {
    const cookie = cookieOf("", COOKIE);
    const [pair, ...attributes] = cookie?.split("; ") ?? [];
    expect(pair).toBe("pixelgate_id=new-1");
    expect(attributes.sort()).toEqual(["HttpOnly", "Max-Age=31536000", "Path=/", "SameSite=None", "Secure"]);
  });

  test("buildEvent sets no cookie where there is one, where an id is given, and for a source that keeps none", () => {
    expect(cookieOf("", { ...COOKIE, facts: { cookie: `pixelgate_id=${UUID}` } })).toBeNull();
    expect(cookieOf("anonymousId=a", COOKIE)).toBeNull();
    expect(cookieOf("userId=a", COOKIE)).toBeNull();
    expect(cookieOf("", {})).toBeNull();
  });

  test("buildEvent never sets a cookie with Sec-GPC or DNT", () => {
    for (const flag of ["gpc", "dnt"] as const) {
      for (const privacySignals of ["flag", "anonymise"] as const) {
        const given = {
          source: { anonymousId: "cookie", privacySignals },
          facts: { flags: [flag] },
        } as const;
        expect(cookieOf("", given)).toBeNull();
      }
    }
  });
});

describe("names and message ids", () => {
  table([
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
      {
        messageId: "new-1",
      },
    ],
  ]);

  test("buildEvent returns the message id it wrote", () => {
    expect(built("page", "messageId=%20m-1").messageId).toBe("m-1");
    expect(built("page", "anonymousId=a").messageId).toBe("new-1");
  });
});

describe("timestamps", () => {
  const EARLY = "2026-11-23T09:00:00.000Z";
  const MIDDLE = "2026-11-23T09:30:00.000Z";
  table([
    ["sets every timestamp to now", "page", "", { originalTimestamp: NOW, sentAt: NOW, timestamp: NOW }],
    [
      "keeps an originalTimestamp and a sentAt, and corrects the clock by them",
      "page",
      `originalTimestamp=${EARLY}&sentAt=${MIDDLE}`,
      {
        originalTimestamp: EARLY,
        sentAt: MIDDLE,
        timestamp: MIDDLE,
      },
    ],
    [
      "takes a client's clock that runs ahead out of the timestamp",
      "page",
      "originalTimestamp=2030-01-01T00:00:00Z&sentAt=2030-01-01T00:00:01Z",
      {
        originalTimestamp: "2030-01-01T00:00:00.000Z",
        sentAt: "2030-01-01T00:00:01.000Z",
        timestamp: "2026-11-23T09:59:59.000Z",
      },
    ],
    [
      "takes now for a sentAt that is missing",
      "page",
      `originalTimestamp=${EARLY}`,
      {
        originalTimestamp: EARLY,
        sentAt: NOW,
        timestamp: EARLY,
      },
    ],
    [
      "takes now for an originalTimestamp that is missing",
      "page",
      `sentAt=${MIDDLE}`,
      {
        originalTimestamp: NOW,
        sentAt: MIDDLE,
        timestamp: "2026-11-23T10:30:00.000Z",
      },
    ],
    [
      "keeps a timestamp that is given",
      "page",
      `timestamp=${EARLY}`,
      {
        timestamp: EARLY,
        originalTimestamp: NOW,
        sentAt: NOW,
      },
    ],
    [
      "computes a timestamp that is invalid",
      "page",
      `timestamp=soon&originalTimestamp=${EARLY}&sentAt=${MIDDLE}`,
      {
        timestamp: MIDDLE,
      },
    ],
    [
      "takes now for timestamps that are invalid",
      "page",
      "originalTimestamp=1763892000&sentAt=today",
      {
        originalTimestamp: NOW,
        sentAt: NOW,
        timestamp: NOW,
      },
    ],
    [
      "takes now for empty timestamps",
      "page",
      "originalTimestamp=&sentAt=&timestamp=",
      {
        originalTimestamp: NOW,
        sentAt: NOW,
        timestamp: NOW,
      },
    ],
    [
      "takes now for timestamps that are paths",
      "page",
      "originalTimestamp.a=1&sentAt.0=1&timestamp.b.c=1",
      {
        originalTimestamp: NOW,
        sentAt: NOW,
        timestamp: NOW,
      },
    ],
    ["writes an offset as UTC", "page", "timestamp=2026-11-23T12:00:00%2B02:00", { timestamp: NOW }],
    ["writes milliseconds", "page", "timestamp=2026-11-23T10:00:00Z", { timestamp: NOW }],
    [
      "takes now for a correction that leaves the calendar",
      "page",
      "originalTimestamp=0000-01-01T00:00:00Z&sentAt=9999-12-31T00:00:00Z",
      {
        timestamp: NOW,
        originalTimestamp: "0000-01-01T00:00:00.000Z",
        sentAt: "9999-12-31T00:00:00.000Z",
      },
    ],
  ]);
});

describe("page facts", () => {
  const REFERER: Given = { facts: { referer: "https://site.example/p" } };
  table([
    ...(["path", "url", "referrer", "title"] as const).flatMap((fact): Row[] => [
      [
        `copies context.page.${fact} to the properties of a page`,
        "page",
        `context.page.${fact}=v`,
        {
          [`context.page.${fact}`]: "v",
          properties: { [fact]: "v" },
        },
      ],
      [
        `copies properties.${fact} of a page to context.page`,
        "page",
        `properties.${fact}=v`,
        {
          "context.page": { [fact]: "v" },
          [`properties.${fact}`]: "v",
        },
      ],
      [
        `lets both values of ${fact} of a page stand`,
        "page",
        `properties.${fact}=a&context.page.${fact}=b`,
        {
          [`context.page.${fact}`]: "b",
          [`properties.${fact}`]: "a",
        },
      ],
      [
        `copies no ${fact} on a track event`,
        "track",
        `event=e&properties.${fact}=a`,
        {
          "context.page": undefined,
          properties: { [fact]: "a" },
        },
      ],
      [
        `adds no ${fact} to the properties of a track event`,
        "track",
        `event=e&context.page.${fact}=a`,
        {
          "context.page": { [fact]: "a" },
          properties: undefined,
        },
      ],
    ]),
    ["copies an empty fact like any other", "page", "context.page.title=", { "properties.title": "" }],
    [
      "copies facts both ways at once",
      "page",
      "context.page.path=/a&properties.title=T",
      {
        "context.page": { path: "/a", title: "T" },
        properties: { path: "/a", title: "T" },
      },
    ],
    [
      "copies nothing but the four facts",
      "page",
      "context.page.search=s&properties.key=k",
      {
        "context.page": { search: "s" },
        properties: { key: "k" },
      },
    ],
    [
      "adds neither properties nor context.page where no fact is known",
      "page",
      "",
      {
        properties: undefined,
        "context.page": undefined,
      },
    ],
    [
      "takes the url of a page from Referer",
      "page",
      "",
      {
        "context.page.url": "https://site.example/p",
        "properties.url": "https://site.example/p",
      },
      REFERER,
    ],
    [
      "takes the url of a page's properties before Referer",
      "page",
      "properties.url=u",
      {
        "context.page.url": "u",
        "properties.url": "u",
      },
      REFERER,
    ],
    [
      "takes the url of context.page before Referer",
      "page",
      "context.page.url=u",
      {
        "context.page.url": "u",
        "properties.url": "u",
      },
      REFERER,
    ],
    [
      "takes the url of a track event from Referer, and gives its properties nothing",
      "track",
      "event=e",
      {
        "context.page": { url: "https://site.example/p" },
        properties: undefined,
      },
      REFERER,
    ],
    [
      "does not read the url of a track event from its properties",
      "track",
      "event=e&properties.url=mine",
      {
        "context.page": { url: "https://site.example/p" },
        properties: { url: "mine" },
      },
      REFERER,
    ],
    [
      "never takes Referer as the page's referrer",
      "page",
      "",
      { "context.page.referrer": undefined },
      REFERER,
    ],
  ]);
});

describe("context", () => {
  const HEADERS: Given = { facts: { userAgent: "Agent/1", acceptLanguage: "de-CH,de;q=0.9,en;q=0.8" } };
  const address = (address: string, ip: SourcePolicy["ip"] = "keep"): Given => ({
    source: { ip },
    facts: { address },
  });
  table([
    ["takes the user agent from its header", "page", "", { "context.userAgent": "Agent/1" }, HEADERS],
    [
      "keeps a user agent that is sent",
      "page",
      "context.userAgent=Mine",
      { "context.userAgent": "Mine" },
      HEADERS,
    ],
    ["takes the locale from the first language", "page", "", { "context.locale": "de-CH" }, HEADERS],
    ["keeps a locale that is sent", "page", "context.locale=fr", { "context.locale": "fr" }, HEADERS],
    [
      "reads a language that has a weight",
      "page",
      "",
      { "context.locale": "en" },
      {
        facts: { acceptLanguage: "en;q=0.5" },
      },
    ],
    [
      "takes no locale from a wildcard",
      "page",
      "",
      { "context.locale": undefined },
      {
        facts: { acceptLanguage: "*" },
      },
    ],
    [
      "takes nothing from headers that are not there",
      "page",
      "",
      {
        "context.userAgent": undefined,
        "context.locale": undefined,
        "context.ip": undefined,
        request_ip: undefined,
      },
    ],
    [
      "keeps screen sizes as strings",
      "page",
      "context.screen.width=1440",
      { "context.screen.width": "1440" },
    ],
    [
      "takes context.ip from the client's address",
      "page",
      "",
      { "context.ip": "192.0.2.7" },
      address("192.0.2.7"),
    ],
    [
      "keeps a context.ip that is given",
      "page",
      "context.ip=203.0.113.9",
      {
        "context.ip": "203.0.113.9",
        request_ip: "192.0.2.7",
      },
      address("192.0.2.7"),
    ],
    [
      "cuts IPv4 to its /24",
      "page",
      "",
      { "context.ip": "192.0.2.0", request_ip: "192.0.2.0" },
      address("192.0.2.7", "truncate"),
    ],
    [
      "cuts IPv6 to its /48",
      "page",
      "",
      { "context.ip": "2001:db8:1::", request_ip: "2001:db8:1::" },
      address("2001:db8:1:2:3:4:5:6", "truncate"),
    ],
    [
      "cuts a context.ip that is given too",
      "page",
      "context.ip=203.0.113.9",
      { "context.ip": "203.0.113.0" },
      address("192.0.2.7", "truncate"),
    ],
    [
      "removes a given context.ip that it cannot cut",
      "page",
      "context.ip=home",
      { "context.ip": undefined },
      address("192.0.2.7", "truncate"),
    ],
    [
      "drops every address",
      "page",
      "context.ip=203.0.113.9&request_ip=1.2.3.4",
      {
        "context.ip": undefined,
        request_ip: undefined,
      },
      address("192.0.2.7", "drop"),
    ],
  ]);
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

  table([
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
      {
        anonymousId: "a",
        userId: "u",
        "context.ip": "192.0.2.7",
        "context.gateway.flags": ["gpc", "dnt"],
      },
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

describe("refusals", () => {
  const rows: readonly [string, EventType, string, string, Given?][] = [
    ["a track without event", "track", "", "track: Mandatory field 'event' missing"],
    ["a track with an empty event", "track", "event=", "track: Mandatory field 'event' missing"],
    [
      "a request without ids where the source says so",
      "page",
      "",
      "request neither has anonymousId nor userId",
      {
        source: { anonymousId: "reject" },
      },
    ],
    [
      "a request with blank ids where the source says so",
      "page",
      "anonymousId=%22%22&userId=+",
      "request neither has anonymousId nor userId",
      { source: { anonymousId: "reject" } },
    ],
    ["context as a scalar", "page", "context=x", "context must be an object"],
    ["context as a list", "page", "context.0=x", "context must be an object"],
    ["properties of a page as a scalar", "page", "properties=x", "properties must be an object"],
    ["properties of a track as a scalar", "track", "event=e&properties=x", "properties must be an object"],
    ["properties as a list", "track", "event=e&properties.0=x", "properties must be an object"],
    ["context.page of a page as a scalar", "page", "context.page=x", "context.page must be an object"],
    [
      "context.page of a track as a list",
      "track",
      "event=e&context.page.0=x",
      "context.page must be an object",
    ],
    ...["library", "screen", "traits", "campaign", "app", "device", "network", "os"].map(
      (name): [string, EventType, string, string] => [
        `context.${name} as a scalar`,
        "page",
        `context.${name}=x`,
        `context.${name} must be an object`,
      ],
    ),
    ...["anonymousId", "userId", "messageId", "name", "channel"].map(
      (name): [string, EventType, string, string] => [
        `${name} as an object`,
        "page",
        `${name}.a=x`,
        `${name} must be a string`,
      ],
    ),
    ["event as an object", "track", "event.a=x", "event must be a string"],
    ["properties.url as an object", "page", "properties.url.a=x", "properties.url must be a string"],
    ["context.page.url as an object", "page", "context.page.url.a=x", "context.page.url must be a string"],
    ["anonymousId as a list", "page", "anonymousId.0=x", "anonymousId must be a string"],
    ["context.ip as an object", "page", "context.ip.a=x", "context.ip must be a string"],
    [
      "context.ip as an object where it is cut",
      "page",
      "context.ip.a=x",
      "context.ip must be a string",
      {
        source: { ip: "truncate" },
      },
    ],
    ["context.userAgent as an object", "page", "context.userAgent.a=x", "context.userAgent must be a string"],
    ["context.locale as an object", "page", "context.locale.a=x", "context.locale must be a string"],
    [
      "context.library.name as an object",
      "page",
      "context.library.name.a=x",
      "context.library.name must be a string",
    ],
    [
      "context.page.url as an object",
      "track",
      "event=e&context.page.url.a=x",
      "context.page.url must be a string",
    ],
    [
      "context.screen.width as a list",
      "page",
      "context.screen.width.0=1",
      "context.screen.width must be a string",
    ],
  ];
  for (const [rule, type, query, reason, given] of rows) {
    test(`buildEvent refuses ${rule}`, () => {
      const result = build(type, query, given);
      expect(result).toEqual(new Rejection(400, reason));
    });
  }
});

describe("any query", () => {
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
    "255",
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
    fc.string({ unit: "binary" }).map(encodeURIComponentSafely),
  );
  const query = fc
    .array(fc.tuple(key, value), { maxLength: 12 })
    .map((pairs) => pairs.map(([name, text]) => `${name}=${text}`).join("&"));
  const flags = fc.subarray<Flag>(["bot", "mail-proxy", "prefetch", "gpc", "dnt"]);
  const text = fc.option(fc.string());
  const facts: fc.Arbitrary<RequestFacts> = fc.record({
    userAgent: text,
    acceptLanguage: text,
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
});

function encodeURIComponentSafely(text: string): string {
  return encodeURIComponent(text.toWellFormed());
}
