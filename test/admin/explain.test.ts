import { expect, test } from "bun:test";
import fc from "fast-check";
import { createExplain } from "../../src/admin/explain.ts";
import { createDecide } from "../../src/server/decide.ts";
import { accepted, requestOf } from "../support/decisions.ts";
import { startNats } from "../support/natsserver.ts";
import { afterTest, deliver, openDelivery, putAwayAfterEach, readStream, untilUp } from "../support/parts.ts";
import { SOURCES } from "../support/ports.ts";

putAwayAfterEach();

const explain = createExplain({
  maxUrlBytes: 16384,
  trustedProxies: null,
  stream: { prefix: "pixel" },
  sources: () => SOURCES,
});

test("createExplain gives the event, and a message for each destination", () => {
  const explanation = explain(
    "https://px.example.com/pixel/v1/track?writeKey=wk_blog&event=Hi&properties.a=1",
  );
  expect(explanation).toMatchObject({
    outcome: "accepted",
    status: 200,
    reason: null,
    type: "track",
    source: "blog",
    event: { type: "track", event: "Hi", properties: { a: "1" } },
    rejectedTo: null,
  });
  expect(explanation.event).not.toHaveProperty("writeKey");
  expect(
    explanation.messages.map(({ destination, subject, stream }) => [destination, subject, stream]),
  ).toEqual([
    ["warehouse", "pixel.warehouse.track", "PIXEL"],
    ["alerts", "pixel.alerts.track", "PIXEL"],
  ]);
  for (const { destination, headers } of explanation.messages) {
    expect(headers["Nats-Msg-Id"]).toMatch(new RegExp(`^[0-9a-f-]{36}\\.${destination}$`));
  }
});

test("createExplain encodes an id that no header could carry", () => {
  const { messages } = createExplain({
    maxUrlBytes: 16384,
    trustedProxies: null,
    stream: { prefix: "pixel" },
    sources: () => SOURCES,
    newId: () => "a b%\r\nX: ä",
  })("/pixel/v1/page?writeKey=wk_blog");
  expect(messages.map(({ headers }) => headers)).toEqual([
    { "Nats-Msg-Id": "a%20b%25%0D%0AX%3A%20%C3%A4.warehouse" },
  ]);
});

test("createExplain gives the message ids that the stream gets, whatever messageId a client sends", async () => {
  const server = await startNats();
  afterTest(server.stop);
  const delivery = openDelivery({ nats: { servers: [server.url] } });
  await untilUp(delivery);
  const blog = SOURCES.get("wk_blog");
  if (blog === undefined) throw new Error("there is no source blog");
  const sources = new Map([["wk_once", { ...blog, dedupe: "messageId" as const }]]);
  const options = { maxUrlBytes: 16384, trustedProxies: null, sources: () => sources };
  const decide = createDecide({
    ...options,
    newId: () => crypto.randomUUID(),
    rateLimiter: null,
    plans: null,
  });
  const explainOnce = createExplain({ ...options, stream: { prefix: "pixel" } });

  // A client's id is trimmed, so that two of them may be one event.
  const explained = new Set<string>();
  const messageIds = fc.sample(
    fc.string({ unit: "binary", minLength: 1 }).map((text) => `m${text.toWellFormed()}`),
    50,
  );
  for (const messageId of [...messageIds, "order-1", "a b", "a%20b", "ä", "a\r\nX: 1"]) {
    const url = `/pixel/v1/track?writeKey=wk_once&event=e&messageId=${encodeURIComponent(messageId)}`;
    const { outgoing } = accepted(decide({ ...requestOf(url), url }));
    expect(await deliver(delivery, outgoing)).toBe("published");
    for (const { headers } of explainOnce(url).messages) explained.add(headers["Nats-Msg-Id"] ?? "");
  }
  const published = await readStream(server.url);
  expect(published.map(({ messageId }) => messageId).sort()).toEqual([...explained].sort());
});

test("createExplain gives a rejection with its reason and where it is published", () => {
  expect(explain("/pixel/v1/track?writeKey=wk_blog")).toMatchObject({
    outcome: "rejected",
    status: 400,
    reason: "track: Mandatory field 'event' missing",
    source: "blog",
    event: null,
    messages: [],
    rejectedTo: "pixel._rejected.blog",
  });
  expect(explain("/pixel/v1/page?writeKey=nobody")).toMatchObject({
    status: 400,
    reason: "invalid write key",
    source: null,
    rejectedTo: null,
  });
  expect(explain("/pixel/v1/page?writeKey=wk_old")).toMatchObject({
    reason: "source is disabled",
    source: "old",
  });
});

test("createExplain publishes no rejection of a visitor who is promised anonymity", () => {
  const blog = SOURCES.get("wk_blog");
  if (blog === undefined) throw new Error("there is no source blog");
  const explainPrivate = createExplain({
    maxUrlBytes: 16384,
    trustedProxies: null,
    stream: { prefix: "pixel" },
    sources: () => new Map([["wk_private", { ...blog, id: "private", privacySignals: "anonymise" }]]),
  });
  const url = "/pixel/v1/track?writeKey=wk_private";
  expect(explainPrivate(url).rejectedTo).toBe("pixel._rejected.private");
  expect(explainPrivate(url, new Headers({ "Sec-GPC": "1" })).rejectedTo).toBeNull();
});

test("createExplain gives what the operator's policy drops", () => {
  const headers = new Headers({ "User-Agent": "Googlebot/2.1" });
  expect(explain("/pixel/v1/page?writeKey=wk_shop", headers)).toMatchObject({
    outcome: "dropped",
    status: 200,
    reason: "bot",
    messages: [],
  });
});

test("createExplain takes headers and the address as those of the request", () => {
  const headers = new Headers({ Referer: "https://example.com/a", "Accept-Language": "de-DE,de;q=0.9" });
  const { event } = explain("/pixel/v1/page?writeKey=wk_blog", headers, "203.0.113.7");
  expect(event).toMatchObject({
    request_ip: "203.0.113.7",
    context: { ip: "203.0.113.7", locale: "de-DE", page: { url: "https://example.com/a" } },
  });
});

test("createExplain names the body of the answer", () => {
  const image = new Headers({ "Sec-Fetch-Dest": "image" });
  expect(explain("/pixel/v1/page?writeKey=wk_blog").reply).toBe("text");
  expect(explain("/pixel/v1/page?writeKey=wk_blog", image).reply).toBe("gif");
  expect(explain("/pixel/v1/page.gif?writeKey=wk_blog").reply).toBe("gif");
  expect(explain("/pixel/v1/page?writeKey=wk_shop").reply).toBe("gif");
});

for (const url of [
  "pixel/v1/page?writeKey=wk_blog",
  "  /pixel/v1/page?writeKey=wk_blog\n",
  "HTTP://px.example.com:8080/pixel/v1/page?writeKey=wk_blog",
  "/pixel/v1/page?writeKey=wk_blog#top",
]) {
  test(`createExplain reads ${JSON.stringify(url)}`, () => {
    expect(explain(url)).toMatchObject({ outcome: "accepted", source: "blog", type: "page" });
  });
}

for (const url of [
  "",
  "/",
  "https://example.com",
  "/pixel/v1/pages",
  "/pixel/v1/identify?writeKey=wk_blog",
  "/health",
]) {
  test(`createExplain says that ${JSON.stringify(url)} is no pixel route`, () => {
    expect(explain(url)).toMatchObject({ outcome: "rejected", status: 404, type: null, source: null });
  });
}

test("createExplain measures the target as the public port does", () => {
  expect(explain(`/pixel/v1/page?writeKey=wk_blog&a=${"x".repeat(17_000)}`)).toMatchObject({ status: 414 });
});
