// The fast path beside the reference: what it writes, and when. The large comparisons are test/server/decide.plan-*.test.ts.
import { expect, test } from "bun:test";
import { buildEvent, Dropped, type SourcePolicy } from "../../../src/pixel/build.ts";
import type { RequestFacts } from "../../../src/pixel/facts.ts";
import { decodePayload } from "../../../src/pixel/payload.ts";
import { Plans } from "../../../src/pixel/plan/plans.ts";
import { readQuery } from "../../../src/pixel/query.ts";
import { Rejection } from "../../../src/pixel/rejection.ts";
import type { EventType } from "../../../src/pixel/schema.ts";
import { SOURCE } from "../../support/events.ts";

const FACTS: RequestFacts = {
  userAgent: 'Mozilla/5.0 "x"',
  locale: "de",
  referer: "https://r.example/ü",
  cookie: null,
  address: "192.0.2.77",
  flags: [],
};
const NOW_MS = Date.parse("2026-11-23T10:00:00.000Z");

interface Asked {
  readonly query: string;
  readonly type?: EventType;
  readonly source?: Partial<SourcePolicy>;
  readonly facts?: Partial<RequestFacts>;
}

/** Ids that tell in which order they were taken. */
function idsOf() {
  let ids = 0;
  return () => `new-${++ids}`;
}

function policyOf({ source }: Asked): SourcePolicy {
  return { ...SOURCE, ...source };
}

/** The event as the reference makes it, and the cookie; null where it makes none. */
function refer(asked: Asked): readonly [string, string | null] | null {
  const query = readQuery(asked.query);
  if (query instanceof Rejection) return null;
  const facts = { ...FACTS, ...asked.facts };
  const built = buildEvent(asked.type ?? "page", query, policyOf(asked), facts, NOW_MS, idsOf());
  if (built instanceof Rejection || built instanceof Dropped) return null;
  return [JSON.stringify(built.event), built.setCookie];
}

/** The same by a plan. */
function write(plans: Plans, asked: Asked): readonly [string, string | null] | null {
  const planned = plans.find(`http://x/pixel?${asked.query}`);
  const facts = { ...FACTS, ...asked.facts };
  const written = planned?.write(asked.type ?? "page", policyOf(asked), facts, NOW_MS, idsOf()) ?? null;
  return written === null ? null : [decodePayload(written.payload), written.setCookie];
}

function learn(plans: Plans, asked: Asked, times = 2): void {
  for (let i = 0; i < times; i++) {
    const facts = { ...FACTS, ...asked.facts };
    plans.learn(`http://x/pixel?${asked.query}`, asked.type ?? "page", policyOf(asked), facts);
  }
}

const PAGE = "writeKey=k&anonymousId=a%201&context.page.title=T%C3%BCr&properties.url=%22u%22&name=Home";

const PLANNED: readonly [rule: string, asked: Asked][] = [
  ["a page, its facts copied", { query: PAGE }],
  ["a track", { query: `${PAGE}&event=Open`, type: "track" }],
  ["an empty name", { query: "writeKey=k&anonymousId=a&name=" }],
  ["an id in quotes", { query: "writeKey=k&anonymousId=%22a%22" }],
  ["an id of nothing but quotes, and another one", { query: "writeKey=k&anonymousId=%22%22&userId=u" }],
  ["no id", { query: "writeKey=k" }],
  ["blank ids", { query: "writeKey=k&userId=%20&anonymousId=+" }],
  ["an id from the cookie", { query: "writeKey=k", source: { anonymousId: "cookie" } }],
  ["a messageId", { query: "writeKey=k&userId=u&messageId=%20m%22%20" }],
  ["a messageId that is too long", { query: `writeKey=k&userId=u&messageId=${"m".repeat(256)}` }],
  [
    "timestamps",
    { query: "writeKey=k&userId=u&sentAt=2026-11-23T09:00:00Z&originalTimestamp=2026-11-23T08:00:00.000Z" },
  ],
  ["a timestamp that is none", { query: "writeKey=k&userId=u&timestamp=soon" }],
  [
    "a truncated address",
    { query: "writeKey=k&userId=u&context.ip=198.51.100.9", source: { ip: "truncate" } },
  ],
  ["a dropped address", { query: "writeKey=k&userId=u&context.ip=198.51.100.9", source: { ip: "drop" } }],
  [
    "an anonymised event",
    { query: `${PAGE}&userId=u`, source: { privacySignals: "anonymise" }, facts: { flags: ["gpc"] } },
  ],
  [
    "an anonymised event without ids",
    {
      query: "writeKey=k",
      source: { privacySignals: "anonymise", anonymousId: "cookie" },
      facts: { flags: ["dnt"] },
    },
  ],
  ["flags", { query: PAGE, facts: { flags: ["bot", "gpc"] } }],
  ["no headers", { query: PAGE, facts: { userAgent: null, locale: null, referer: null, address: null } }],
  [
    "a field that the gateway sets",
    { query: "writeKey=k&userId=u&receivedAt=x&type=y&request_ip=z&context.gateway.flags.0=f" },
  ],
  ["collisions, repeats and gaps", { query: "writeKey=k&userId=u&a=1&a.b=2&a=3&l.2=x&l.-1=y&7=z" }],
  ["keys like markers", { query: "writeKey=k&userId=u&<1>=x&properties.<id>=<0>&name=<name>" }],
  ["what is no UTF-8", { query: "writeKey=k&userId=%ff&a=%C3&b=%" }],
];
for (const [rule, asked] of PLANNED) {
  test(`PlannedQuery.write writes ${rule} as the reference does`, () => {
    const plans = new Plans();
    learn(plans, asked);
    const event = write(plans, asked);
    expect(event).not.toBeNull();
    expect(event).toEqual(refer(asked));
  });
}

const LEFT: readonly [rule: string, asked: Asked][] = [
  ["a track without its event's name", { query: "writeKey=k&userId=u&event=", type: "track" }],
  ["an identity that the source wants", { query: "writeKey=k&userId=", source: { anonymousId: "reject" } }],
  [
    "an address that cannot be truncated",
    { query: "writeKey=k&userId=u&context.ip=x", source: { ip: "truncate" } },
  ],
  [
    "a visitor that is dropped",
    { query: "writeKey=k&userId=u", source: { privacySignals: "drop" }, facts: { flags: ["dnt"] } },
  ],
  [
    "a bot that is dropped",
    { query: "writeKey=k&userId=u", source: { bots: "drop" }, facts: { flags: ["bot"] } },
  ],
];
for (const [rule, asked] of LEFT) {
  test(`PlannedQuery.write leaves ${rule} to the reference`, () => {
    const plans = new Plans();
    const usual = asked.query
      .replace("event=", "event=e")
      .replace("userId=", "userId=v")
      .replace("ip=x", "ip=192.0.2.1");
    const { query: _, facts: __, ...rest } = asked;
    learn(plans, { ...rest, query: usual });
    expect(write(plans, { ...rest, query: usual })).not.toBeNull();
    expect(write(plans, asked)).toBeNull();
  });
}

test("Plans.find knows a query's shape once two of it were learned of", () => {
  const plans = new Plans();
  const asked = { query: PAGE };
  expect(write(plans, asked)).toBeNull();
  learn(plans, asked, 1);
  expect(write(plans, asked)).toBeNull();
  learn(plans, asked, 1);
  expect(write(plans, asked)).not.toBeNull();
  expect(plans.counts).toMatchObject({ written: 1, made: 1, kept: 1 });
});

test("Plans.learn makes a plan of its own for each of the conditions", () => {
  const plans = new Plans();
  learn(plans, { query: PAGE });
  const track: Asked = { query: PAGE.replace("name=", "event="), type: "track" };
  const bare: Asked = { query: PAGE, facts: { userAgent: null } };
  expect(write(plans, bare)).toBeNull();
  learn(plans, bare);
  learn(plans, track);
  expect(write(plans, bare)).toEqual(refer(bare));
  expect(write(plans, track)).toEqual(refer(track));
  expect(plans.counts.made).toBe(3);
});

test("Plans.learn makes a plan once, also where there is none to be had", () => {
  const plans = new Plans();
  for (const query of [PAGE, "writeKey=k&userId.a=u&anonymousId=a"]) learn(plans, { query }, 10);
  expect(plans.counts.made).toBe(2);
});

test("Plans keeps no more plans than it may", () => {
  const plans = new Plans({ most: 4, mostBytes: 1_000_000 });
  for (let i = 0; i < 20; i++) learn(plans, { query: `writeKey=k&userId=u&key${i}=1` });
  // Two keys that all have in common, and one of each.
  expect(plans.counts).toMatchObject({ made: 20, kept: 4, keys: 2 + 4 });
  expect(write(plans, { query: "writeKey=k&userId=u&key19=1" })).toEqual(
    refer({ query: "writeKey=k&userId=u&key19=1" }),
  );
});

test("Plans keeps no more bytes than it may", () => {
  const plans = new Plans({ most: 1000, mostBytes: 10_000 });
  for (let i = 0; i < 20; i++) learn(plans, { query: `writeKey=k&userId=u&key${i}=1` });
  expect(plans.counts.bytes).toBeLessThan(10_000 + 4000);
});

test("PlannedQuery.visitor is the event's, and its userId's where it has no anonymousId", () => {
  const visitorOf = (query: string, facts?: Partial<RequestFacts>) => {
    const asked: Asked = { query, source: { privacySignals: "anonymise" }, ...(facts && { facts }) };
    const plans = new Plans();
    learn(plans, asked);
    const planned = plans.find(`http://x/pixel?${query}`);
    return planned?.write("page", policyOf(asked), { ...FACTS, ...facts }, NOW_MS, idsOf())?.visitor();
  };
  expect(visitorOf("writeKey=k&anonymousId=a%201&userId=u")).toBe("a 1");
  expect(visitorOf("writeKey=k&anonymousId=%22a%22")).toBe("a");
  expect(visitorOf("writeKey=k&anonymousId=+&userId=u")).toBe("u");
  expect(visitorOf("writeKey=k&userId=u")).toBe("u");
  expect(visitorOf("writeKey=k")).toBe("new-1");
  expect(visitorOf("writeKey=k&anonymousId=a&userId=u", { flags: ["gpc"] })).toBe("new-2");
});

test("PlannedQuery.writeKey is decoded and trimmed, and null for none", () => {
  const plans = new Plans();
  learn(plans, { query: "writeKey=k&userId=u" });
  const writeKeyOf = (value: string) => plans.find(`http://x/pixel?writeKey=${value}&userId=u`)?.writeKey();
  expect(["k", "%6B%20", "+k", "%20", ""].map(writeKeyOf)).toEqual(["k", "k", "k", null, null]);
});
