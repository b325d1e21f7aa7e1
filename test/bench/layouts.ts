// `bun run bench:layouts`: what it costs nats-server that several subscribers get the same events, by where their copies
// lie. A real server a row; its CPU time and what is on its disk. Flags: --destinations 1,10,100, --deliveries N;
// --smoke: few, once.
import { parseArgs } from "node:util";
import {
  AckPolicy,
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type StreamConfig,
} from "@nats-io/jetstream";
import { connect } from "nats";
import { compareVersions, natsVersion } from "../support/natsbinaries.ts";
import { startNats } from "../support/natsserver.ts";
import { until } from "../support/until.ts";
import { bytesIn } from "./disk.ts";
import { readCount } from "./flags.ts";
import { cpuTimeUs } from "./process.ts";
import { describeMachine } from "./servers.ts";

const smoke = process.argv.includes("--smoke");
const IN_FLIGHT = 1000;
const MAX_EVENTS = 10_000;
const HOUR_NS = 3_600_000_000_000;

interface Subscriber {
  readonly stream: string;
  readonly subject: string;
}

interface Layout {
  readonly name: string;
  /** Makes the streams. */
  create(manager: JetStreamManager, subscribers: number): Promise<unknown>;
  /** The subject of each copy that is published of an event. */
  subjects(subscribers: number): readonly string[];
  /** Where a subscriber reads. */
  subscriber(index: number): Subscriber;
}

const each = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const subject = (index: number) => `pixel.d${index}.page`;

const LAYOUTS: readonly Layout[] = [
  {
    name: "one stream, a copy a subscriber",
    create: (manager) => add(manager, { name: "PIXEL", subjects: ["pixel.>"] }),
    subjects: (subscribers) => each(subscribers, subject),
    subscriber: (index) => ({ stream: "PIXEL", subject: subject(index) }),
  },
  {
    name: "a stream a subscriber",
    create: (manager, subscribers) =>
      Promise.all(
        each(subscribers, (index) => add(manager, { name: `D${index}`, subjects: [subject(index)] })),
      ),
    subjects: (subscribers) => each(subscribers, subject),
    subscriber: (index) => ({ stream: `D${index}`, subject: subject(index) }),
  },
  {
    name: "one stream, sources into work queues",
    create: async (manager, subscribers) => {
      await add(manager, { name: "PIXEL", subjects: ["pixel.>"] });
      const queue = (index: number) => ({
        name: `D${index}`,
        retention: RetentionPolicy.Workqueue,
        sources: [{ name: "PIXEL", filter_subject: subject(index) }],
      });
      await Promise.all(each(subscribers, (index) => add(manager, queue(index))));
    },
    subjects: (subscribers) => each(subscribers, subject),
    subscriber: (index) => ({ stream: `D${index}`, subject: subject(index) }),
  },
  {
    name: "one copy, a consumer a subscriber",
    create: (manager) => add(manager, { name: "PIXEL", subjects: ["pixel.>"] }),
    subjects: () => [subject(0)],
    subscriber: () => ({ stream: "PIXEL", subject: subject(0) }),
  },
];

/** A stream with the settings that the gateway gives one. */
function add(manager: JetStreamManager, config: Partial<StreamConfig> & { name: string }): Promise<unknown> {
  const isCompressed = compareVersions(natsVersion(), "2.10") >= 0;
  return manager.streams.add({
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    max_age: 72 * HOUR_NS,
    duplicate_window: HOUR_NS / 30,
    ...(isCompressed ? { compression: StoreCompression.S2 } : {}),
    ...config,
  });
}

const PAYLOAD_BYTES = 900;

/** An event as long as that of a page view, with as much that differs from one to the next. */
function payloadOf(event: number): string {
  const id = crypto.randomUUID();
  const path = `/a/story-${event % 997}`;
  const text = JSON.stringify({
    messageId: id,
    type: "page",
    anonymousId: `amp-${crypto.randomUUID()}`,
    receivedAt: new Date(1_764_000_000_000 + event * 7).toISOString(),
    context: {
      ip: `203.0.113.${event % 256}`,
      userAgent:
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
      page: {
        url: `https://news.example.com${path}?id=${event}`,
        path,
        title: "A story",
        referrer: "https://www.example.org/",
      },
      screen: { width: 1280, height: 800 },
      locale: "en-GB",
    },
    properties: { section: "world", author: "Somebody", session: crypto.randomUUID(), words: event % 5000 },
  });
  return `${text.slice(0, -1)},"more":"${"a word or two, ".repeat(60)}`
    .slice(0, PAYLOAD_BYTES - 2)
    .concat('"}');
}

interface Cost {
  readonly writeUs: number;
  readonly readUs: number;
  readonly bytes: number;
  readonly eventsPerSecond: number;
  readonly deliveriesPerSecond: number;
}

async function measure(layout: Layout, subscribers: number, events: number): Promise<Cost> {
  const nats = await startNats();
  const connection = await connect({ servers: nats.url, noAsyncTraces: true });
  try {
    const manager = await jetstreamManager(connection);
    const client = jetstream(connection);
    await layout.create(manager, subscribers);
    const readers = each(subscribers, (index) => ({ ...layout.subscriber(index), name: `reader${index}` }));
    const names = new Set(readers.map(({ stream }) => stream));
    const before = cpuTimeUs(nats.pid);
    const beganMs = performance.now();
    const subjects = layout.subjects(subscribers);
    await publishAll(client, subjects, events);
    await until(
      "every stream has its copies",
      async () => {
        const infos = await Promise.all([...names].map((name) => manager.streams.info(name)));
        const kept = infos.reduce((sum, { state }) => sum + state.messages, 0);
        return kept === events * subjects.length;
      },
      120_000,
    );
    const written = { us: cpuTimeUs(nats.pid), ms: performance.now() };
    const bytes = bytesIn(nats.storeDir);
    for (const { stream, subject: filter, name } of readers) {
      const config = { durable_name: name, filter_subject: filter, ack_policy: AckPolicy.Explicit };
      await manager.consumers.add(stream, config);
    }
    await Promise.all(readers.map(({ stream, name }) => readAll(client, stream, name, events)));
    const read = { us: cpuTimeUs(nats.pid), ms: performance.now() };
    return {
      writeUs: (written.us - before) / events,
      readUs: (read.us - written.us) / events,
      bytes: bytes / events,
      eventsPerSecond: (events / (written.ms - beganMs)) * 1000,
      deliveriesPerSecond: ((events * subscribers) / (read.ms - written.ms)) * 1000,
    };
  } finally {
    await connection.close();
    await nats.stop();
  }
}

async function publishAll(
  client: JetStreamClient,
  subjects: readonly string[],
  events: number,
): Promise<void> {
  const pending: Promise<unknown>[] = [];
  for (let event = 0; event < events; event++) {
    const payload = payloadOf(event);
    for (const to of subjects) {
      pending.push(client.publish(to, payload, { msgID: `${event}.${to}` }));
      if (pending.length >= IN_FLIGHT) await pending.shift();
    }
  }
  await Promise.all(pending);
}

async function readAll(client: JetStreamClient, stream: string, name: string, count: number): Promise<void> {
  const consumer = await client.consumers.get(stream, name);
  let left = count;
  for await (const message of await consumer.consume({ max_messages: 500 })) {
    message.ack();
    if (--left === 0) break;
  }
}

const { values } = parseArgs({
  options: {
    destinations: { type: "string", default: smoke ? "1,2" : "1,10,100" },
    deliveries: { type: "string", default: smoke ? "200" : "100000" },
    smoke: { type: "boolean" },
  },
});
const deliveries = readCount("deliveries", values.deliveries);
console.log(
  `${describeMachine()}\n${PAYLOAD_BYTES} bytes an event, nats-server's CPU time in µs and its disk in bytes, an event\n`,
);
const COLUMNS = ["write", "read", "both", "disk", "events/s", "deliveries/s"];
for (const text of values.destinations.split(",")) {
  const subscribers = readCount("destinations", text);
  const events = Math.max(1, Math.min(MAX_EVENTS, Math.floor(deliveries / subscribers)));
  const title = `${subscribers} subscribers, ${events} events`;
  console.log(title.padEnd(38) + COLUMNS.map((name) => name.padStart(13)).join(""));
  for (const layout of LAYOUTS) {
    const cost = await measure(layout, subscribers, events);
    const { writeUs, readUs, bytes, eventsPerSecond, deliveriesPerSecond } = cost;
    const numbers = [writeUs, readUs, writeUs + readUs, bytes, eventsPerSecond, deliveriesPerSecond];
    console.log(
      `  ${layout.name.padEnd(36)}${numbers.map((value) => value.toFixed(0).padStart(13)).join("")}`,
    );
  }
}
