// The two sample calls of the RudderStack Pixel API page, from HTTP through JetStream to a subscriber.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AckPolicy, type JsMsg, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "nats";
import { type Gateway, startGateway, untilNatsIsUp } from "../support/gatewayprocess.ts";
import { type NatsServer, startNats } from "../support/natsserver.ts";

const CONFIG = {
  sources: [{ id: "amp", writeKey: "wk_amp", destinations: ["warehouse", "alerts"] }],
  destinations: [{ id: "warehouse" }, { id: "alerts", events: ["track"] }],
};

const USER_AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15";
const PAGE = {
  path: "/news/an article",
  url: "https://amp.site.example/news/an article?a=1&b=2#top",
  referrer: "https://search.example/?q=pixels+and+more",
  title: "Überschrift: 50% & “more”",
};
const CONTEXT = {
  "context.library.name": "Rudderstack AMP SDK",
  "context.library.version": "1.0.0",
  "context.platform": "AMP",
  anonymousId: '"amp-hD3xq0iV6lWAn_q6iHwnwg"',
  "context.locale": "en-GB",
  "context.userAgent": USER_AGENT,
  "context.page.path": PAGE.path,
  "context.page.url": PAGE.url,
  "context.page.referrer": PAGE.referrer,
  "context.page.title": PAGE.title,
  "context.screen.width": "390",
  "context.screen.height": "844",
};
const PAGE_CALL = {
  writeKey: "wk_amp",
  ...CONTEXT,
  "properties.path": PAGE.path,
  "properties.url": PAGE.url,
  "properties.referrer": PAGE.referrer,
  "properties.title": PAGE.title,
  name: "News",
};
const TRACK_CALL = {
  writeKey: "wk_amp",
  ...CONTEXT,
  event: "Article Read",
  "properties.key1": "value1",
  "properties.key2": "value2",
};

/** What a subscriber must get of either call, but for its own fields. */
const EVENT = {
  anonymousId: "amp-hD3xq0iV6lWAn_q6iHwnwg",
  channel: "web",
  integrations: { All: true },
  request_ip: "127.0.0.1",
  context: {
    library: { name: "Rudderstack AMP SDK", version: "1.0.0" },
    platform: "AMP",
    locale: "en-GB",
    userAgent: USER_AGENT,
    page: PAGE,
    screen: { width: "390", height: "844" },
    ip: "127.0.0.1",
    gateway: { sourceId: "amp", identity: "client", flags: [] as string[] },
  },
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const folder = mkdtempSync(join(tmpdir(), "pixelgate-samples-"));
let nats: NatsServer;
let gateway: Gateway;
let connection: NatsConnection;

beforeAll(async () => {
  writeFileSync(join(folder, "pixelgate.json"), JSON.stringify(CONFIG));
  nats = await startNats();
  const env = { NATS_URL: nats.url, PIXELGATE_CONFIG: join(folder, "pixelgate.json") };
  gateway = await startGateway({ env });
  await untilNatsIsUp(gateway);
  connection = await connect({ servers: nats.url });
}, 30_000);

afterAll(async () => {
  await connection?.close();
  await gateway?.stop();
  await nats?.stop();
  rmSync(folder, { recursive: true });
}, 30_000);

/** Encodes a call as the AMP runtime and `encodeURIComponent` do. */
function targetOf(type: string, call: Record<string, string>): string {
  const pairs = Object.entries(call).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
  return `/pixel/v1/${type}?${pairs.join("&")}`;
}

async function send(target: string): Promise<void> {
  // Headers that must not win over what the call says.
  const headers = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Accept-Language": "fr",
    Referer: "https://other.example/",
  };
  const response = await fetch(gateway.url + target, { headers });
  expect(response.status).toBe(200);
  await response.arrayBuffer();
}

/** The next messages of a subject, for a durable subscriber of its own. */
async function receive(subject: string, count: number): Promise<JsMsg[]> {
  const name = subject.replaceAll(".", "-");
  const manager = await jetstreamManager(connection);
  const settings = { durable_name: name, filter_subject: subject, ack_policy: AckPolicy.Explicit };
  await manager.consumers.add("PIXEL", settings);
  const consumer = await jetstream(connection).consumers.get("PIXEL", name);
  const messages: JsMsg[] = [];
  for await (const message of await consumer.fetch({ max_messages: count, expires: 5000 })) {
    message.ack();
    messages.push(message);
  }
  return messages;
}

function onlyOf(messages: readonly JsMsg[]): JsMsg {
  const [message] = messages;
  if (message === undefined || messages.length > 1)
    throw new Error(`There are ${messages.length} messages, not one`);
  return message;
}

interface Stamped extends Record<string, unknown> {
  readonly messageId: string;
  readonly receivedAt: string;
}

function expectWhole(message: JsMsg, sentMs: number, wanted: Record<string, unknown>): Stamped {
  const event = message.json<Stamped>();
  const { messageId, receivedAt } = event;
  expect(messageId).toMatch(UUID);
  expect(Date.parse(receivedAt)).toBeGreaterThanOrEqual(sentMs);
  expect(Date.parse(receivedAt)).toBeLessThanOrEqual(Date.now());
  expect(new Date(receivedAt).toISOString()).toBe(receivedAt);
  const stamps = {
    originalTimestamp: receivedAt,
    sentAt: receivedAt,
    timestamp: receivedAt,
    receivedAt,
    messageId,
  };
  expect(event).toEqual({ ...EVENT, ...wanted, ...stamps });
  return event;
}

test("pixelgate brings the sample page call to a subscriber, whole", async () => {
  const sentMs = Date.now();
  await send(targetOf("page", PAGE_CALL));
  const message = onlyOf(await receive("pixel.warehouse.page", 1));
  expect(message.subject).toBe("pixel.warehouse.page");
  expect(message.headers?.keys()).toEqual(["Nats-Msg-Id"]);
  const id = message.headers?.get("Nats-Msg-Id") ?? "";
  expect(id).toEndWith(".warehouse");
  expect(id.slice(0, -".warehouse".length)).toMatch(UUID);
  expectWhole(message, sentMs, { type: "page", name: "News", properties: PAGE });
});

test("pixelgate brings the sample track call to a subscriber of each destination, whole", async () => {
  const sentMs = Date.now();
  await send(targetOf("track", TRACK_CALL));
  const warehouse = onlyOf(await receive("pixel.warehouse.track", 1));
  const alerts = onlyOf(await receive("pixel.alerts.track", 1));
  const wanted = { type: "track", event: "Article Read", properties: { key1: "value1", key2: "value2" } };
  expectWhole(warehouse, sentMs, wanted);
  expect(alerts.string()).toBe(warehouse.string());
  const [first, second] = [warehouse, alerts].map((message) => message.headers?.get("Nats-Msg-Id") ?? "");
  expect(first).toEndWith(".warehouse");
  expect(second).toBe(first?.replace(/\.warehouse$/, ".alerts"));
});

test("pixelgate keeps two visitors who send the same messageId", async () => {
  for (const visitor of ["one", "two"]) {
    await send(`/pixel/v1/track?writeKey=wk_amp&event=Same&messageId={{id}}&userId=${visitor}`);
  }
  const users = (await receive("pixel.alerts.track", 2)).map(
    (message) => message.json<{ userId: string }>().userId,
  );
  expect(users.sort()).toEqual(["one", "two"]);
});

test("pixelgate shows a refused request with a valid write key, and none of a stranger", async () => {
  const refused = "writeKey=wk_amp&anonymousId=a%20b";
  for (const query of ["writeKey=stranger", refused]) {
    const response = await fetch(`${gateway.url}/pixel/v1/track?${query}#x`, {
      headers: { "User-Agent": "Agent/1" },
    });
    expect(response.status).toBe(400);
  }
  const rejected = onlyOf(await receive("pixel._rejected.amp", 1));
  expect(rejected.json<object>()).toEqual({
    reason: "track: Mandatory field 'event' missing",
    query: refused,
    receivedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/),
    sourceId: "amp",
    userAgent: "Agent/1",
  });
  const info = await (await jetstreamManager(connection)).streams.info("PIXEL", {
    subjects_filter: "pixel._rejected.>",
  });
  expect(info.state.subjects).toEqual({ "pixel._rejected.amp": 1 });
});
