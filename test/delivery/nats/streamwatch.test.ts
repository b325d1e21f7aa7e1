// What a watch tells, and when, of streams of a real nats-server; the hands of its clock are turned here.
import { expect, test } from "bun:test";
import { AckPolicy } from "@nats-io/jetstream";
import { nanos } from "nats";
import type { Layout } from "../../../src/config/layout.ts";
import type { Finding } from "../../../src/delivery/finding.ts";
import { createStreamWatch, type StreamWatch } from "../../../src/delivery/nats/streamwatch.ts";
import { createHandClock, type HandClock } from "../../support/clock.ts";
import { administer, type NatsServer } from "../../support/natsserver.ts";
import { afterTest, nats, putAwayAfterEach, recordLog, STREAM } from "../../support/parts.ts";
import { addStreams, configOf, connectTo, layoutOf, specOf } from "../../support/streamlook.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

interface Watched {
  readonly watch: StreamWatch;
  readonly time: HandClock;
  /** What was told, in its order, but for looks that are no news. */
  readonly told: string[];
  readonly lines: readonly string[];
  /** How often it said that events may be published. */
  usable(): number;
  findings(): readonly Finding[];
}

async function watch(
  server: NatsServer,
  layout: Layout = layoutOf(),
  maxPayload = 1024 ** 2,
  user = {},
): Promise<Watched> {
  const told: string[] = [];
  const time = createHandClock();
  const log = recordLog();
  let usable = 0;
  let findings: readonly Finding[] = [];
  const watch = createStreamWatch({
    spec: specOf(layout),
    layout: () => layout,
    jetStream: {},
    largestEventBytes: 8192,
    maxPayload: () => maxPayload,
    log,
    time,
    onUsable: (isNews) => {
      usable++;
      if (isNews) told.push("usable");
    },
    onUnanswered: () => told.push("unanswered"),
    onBlocked: (reason) => told.push(`blocked: ${reason}`),
    onFindings: (found) => {
      findings = found;
      told.push(`findings: ${found.length}`);
    },
    onTerms: ({ maxMsgBytes, domain }) =>
      told.push(domain === null ? `limits: ${maxMsgBytes}` : `domain: ${domain}`),
  });
  afterTest(watch.end);
  watch.begin(await connectTo(server, user));
  return { watch, time, told, lines: log.lines, usable: () => usable, findings: () => findings };
}

const SOUND = {
  name: "PIXEL",
  subjects: ["pixel.>"],
  discard: "new",
  duplicate_window: nanos(120_000),
} as const;

function addSound(server: NatsServer, settings: object = {}): Promise<void> {
  return addStreams(server, { ...SOUND, subjects: [...SOUND.subjects], ...settings });
}

test("createStreamWatch looks again a second after it has made the stream: only then is its domain told", async () => {
  const { told, time } = await watch(await nats({ domain: "leaf" }));
  await until("it is made", () => told.includes("usable"));
  expect(told).not.toContain("domain: leaf");
  time.advance(1000);
  await until("its domain is known", () => told.includes("domain: leaf"));
});

test("createStreamWatch looks again every half minute, and tells only what has changed", async () => {
  const server = await nats();
  const { told, time, usable, lines } = await watch(server);
  await until("it is there", () => told.length > 0);
  expect(told).toEqual(["usable"]);
  time.advance(29_000);
  expect(usable()).toBe(1);
  time.advance(1000);
  await until("it has looked again", () => usable() === 2);
  expect(told).toEqual(["usable"]);

  await administer(server.url, (manager) => manager.streams.update("PIXEL", { max_msg_size: 4096 }));
  time.advance(30_000);
  await until("it has seen it", () => told.length > 1);
  expect(told).toEqual(["usable", "findings: 1", "limits: 4096", "usable"]);
  expect(lines.filter((line) => line.includes("the stream is unusual"))).toHaveLength(1);
  await administer(server.url, (manager) => manager.streams.update("PIXEL", { max_msg_size: -1 }));
  time.advance(30_000);
  await until("it is mended", () => told.length > 4);
  expect(told.slice(4)).toEqual(["findings: 0", "limits: null", "usable"]);
});

test("createStreamWatch bars a stream with a fatal finding, and soon sees that it is mended", async () => {
  const server = await nats();
  await addSound(server, { no_ack: true });
  const { told, time, lines, usable } = await watch(server);
  await until("it is barred", () => told.length > 1);
  expect(told).toEqual(["findings: 1", expect.stringMatching(/^blocked: it has no_ack: /)]);
  expect(lines.join()).toContain("the stream has a fault");
  await administer(server.url, (manager) => manager.streams.update("PIXEL", { no_ack: false }));
  time.advance(1000);
  await until("it is mended", () => usable() === 1);
  expect(told.slice(-2)).toEqual(["findings: 0", "usable"]);
});

test("createStreamWatch loses what no consumer of an interest stream wants, and soon knows of a new consumer", async () => {
  const server = await nats();
  await addSound(server, { retention: "interest" });
  const addConsumer = (filter_subject: string, durable_name: string) =>
    administer(server.url, (manager) =>
      manager.consumers.add("PIXEL", { durable_name, filter_subject, ack_policy: AckPolicy.Explicit }),
    );
  const { watch: watched, told, time, usable } = await watch(server);
  await until("it is barred", () => told.length > 1);
  await addConsumer("pixel.warehouse.>", "warehouse");
  time.advance(1000);
  await until("it is usable", () => usable() > 0);
  expect(["warehouse", "alerts"].map((id) => watched.loses(`pixel.${id}.page`))).toEqual([false, true]);
  expect(["warehouse", "alerts"].map((id) => watched.takes(`pixel.${id}.page`))).toEqual([true, false]);
  await addConsumer("pixel.alerts.>", "alerts");
  time.advance(1000);
  await until("it loses nothing", () => !watched.loses("pixel.alerts.page"));
  expect(watched.takes("pixel.alerts.page")).toBe(true);
  expect(told.at(-1)).toBe("usable");
});

test("createStreamWatch names the stream that takes events in its place, and loses none to it", async () => {
  const server = await nats({
    config: `
      authorization {
        users: [
          { user: admin, password: a }
          { user: gateway, password: g, permissions: { publish: ["pixel.>"], subscribe: ["_INBOX.>"] } }
        ]
      }
      no_auth_user: admin
    `,
  });
  await addStreams(server, { name: "EVENTS", subjects: ["pixel.warehouse.>"] });
  const gateway = { user: "gateway", pass: "g" };
  const { watch: watched, told, time, findings, lines } = await watch(server, layoutOf(), 8192, gateway);
  await until("it is found", () => findings().length > 0);
  expect(findings()[0]?.says).toMatch(/^stream EVENTS takes pixel\.warehouse\.> in its place: /);
  expect(told).toEqual(["usable", "findings: 1", "usable"]);
  expect(lines.join()).toContain("the stream is left alone");
  expect(watched.loses("pixel.warehouse.page")).toBe(true);
  expect(watched.loses("pixel.alerts.page")).toBe(false);
  await administer(server.url, (manager) => manager.streams.delete("EVENTS"));
  await until("it is gone", () => {
    time.advance(1000);
    return findings().length === 0;
  });
  expect(watched.loses("pixel.warehouse.page")).toBe(false);
});

test("createStreamWatch says why a stream cannot be created, who is in its place, and creates it once it can", async () => {
  const server = await nats();
  await addStreams(server, { name: "OTHER", subjects: ["pixel.warehouse.>"] });
  const { watch: watched, told, time, findings } = await watch(server);
  await until("it is found", () => findings().length > 0);
  expect(told[0]).toMatch(/^blocked: .*overlap/);
  expect(findings()[0]?.says).toMatch(/^stream OTHER takes pixel\.warehouse\.> in its place: /);
  await administer(server.url, (manager) => manager.streams.delete("OTHER"));
  await until("it is there", () => {
    time.advance(1000);
    return told.at(-1) === "usable";
  });
  expect(findings()).toEqual([]);
  expect(watched.takes("pixel.warehouse.page")).toBe(true);
});

test("createStreamWatch applies its settings once, so that two that are configured differently do not fight", async () => {
  const server = await nats();
  const [hour, minute] = [3_600_000, 60_000];
  const one = await watch(server);
  await until("one has looked", () => one.usable() === 1);
  const other = await watch(server, layoutOf(undefined, { ...STREAM, maxAgeMs: minute }));
  await until("the other one has applied its own", () => other.usable() === 1);
  expect(other.lines.join()).toContain("changed the stream");
  for (let looks = 2; looks <= 3; looks++) {
    one.time.advance(30_000);
    await until("one has looked again", () => one.usable() === looks);
  }
  // Seen twice and said once.
  expect(one.lines.filter((line) => line.includes("it keeps messages for 1m, not for 1h"))).toHaveLength(1);
  expect((await configOf(server)).max_age).toBe(nanos(minute));

  // What is configured anew is applied anew.
  const layout = layoutOf(undefined, { ...STREAM, maxAgeMs: 2 * hour });
  one.watch.change(specOf(layout));
  await until("one has applied its new one", () => one.usable() === 4);
  expect((await configOf(server)).max_age).toBe(nanos(2 * hour));
});

test("createStreamWatch begins anew on another connection, while a look on the last one still waits", async () => {
  const server = await nats();
  const frozen = await nats();
  const connection = await connectTo(frozen);
  const { watch: watched, told, usable } = await watch(server);
  await until("it has looked", () => usable() === 1);
  frozen.freeze();
  watched.begin(connection);
  watched.begin(await connectTo(server));
  await until("it has looked there", () => usable() === 2);
  expect(told).toEqual(["usable", "usable"]);
  frozen.thaw();
});

test("createStreamWatch tells of a server that takes too little", async () => {
  const server = await nats();
  const { findings } = await watch(server, layoutOf(), 4096);
  await until("it is found", () => findings().length > 0);
  expect(findings()[0]?.says).toMatch(/^the server's max_payload is 4KiB: /);
});
