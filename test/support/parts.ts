// What the delivery tests share: events, a log that is read, folders that go away, the stream as a consumer sees it.
import { afterEach } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstream } from "@nats-io/jetstream";
import { connect } from "nats";
import type { StreamConfig } from "../../src/config/environment.ts";
import { createDelivery, type Delivery, type DeliveryOptions } from "../../src/delivery/delivery.ts";
import type { DeliveryLog } from "../../src/delivery/log.ts";
import type { Delivered, Outgoing } from "../../src/delivery/outgoing.ts";
import { encodePayload } from "../../src/pixel/payload.ts";
import { resolved } from "./configuration.ts";
import { type NatsOptions, type NatsServer, patiently, startNats } from "./natsserver.ts";
import { until } from "./until.ts";

export const STREAM = { name: "PIXEL", prefix: "pixel", replicas: 1, maxAgeMs: 3_600_000, maxBytes: -1 };

const CONFIGURATION = {
  sources: [{ id: "blog", writeKey: "wk_blog", destinations: [] }],
  destinations: ["warehouse", "alerts"].map((id) => ({ id })),
};

/** One stream for every destination of the tests. */
export const { layout: LAYOUT } = resolved(CONFIGURATION, STREAM);
const ROUTES = [{ destinationId: "warehouse", subject: "pixel.warehouse.page", stream: "PIXEL" }];

/** What may be said of an event, its payload as text. */
type EventFields = Partial<Omit<Outgoing, "payload">> & { readonly payload?: string };

/** An event for one destination, unless its fields say otherwise. */
export function event(id: string, fields: EventFields = {}): Outgoing {
  const payload = encodePayload(fields.payload ?? JSON.stringify({ id }));
  return { id, sourceId: "blog", type: "page", routes: ROUTES, ...fields, payload };
}

export interface RecordedLog extends DeliveryLog {
  /** Each line with its fields, as one text. */
  readonly lines: string[];
}

export function recordLog(): RecordedLog {
  const lines: string[] = [];
  const write = (message: string, fields?: Record<string, unknown>) => {
    lines.push(fields === undefined ? message : `${message} ${JSON.stringify(fields)}`);
  };
  return { lines, info: write, warn: write, error: write };
}

/** A new folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "pixelgate-test-"));
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const cleanUps: (() => unknown)[] = [];

/** Runs after the test, last registered first. */
export function afterTest(cleanUp: () => unknown): void {
  cleanUps.push(cleanUp);
}

/** Registers, for the file that calls it, that everything is put away after each test. */
export function putAwayAfterEach(): void {
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });
}

/** A nats-server that is stopped after the test. */
export async function nats(options?: NatsOptions): Promise<NatsServer> {
  const server = await startNats(options);
  afterTest(server.stop);
  return server;
}

/** The settings of a delivery to a server. */
export const at = (server: Pick<NatsServer, "url">) => ({ nats: { servers: [server.url] } });

/** A delivery with small bounds that is closed after the test, and its log. */
export function openDelivery({
  stream = STREAM,
  ...options
}: Partial<DeliveryOptions> & { readonly stream?: StreamConfig } = {}): Delivery & { log: RecordedLog } {
  const log = recordLog();
  const dataDir = options.dataDir ?? temporaryFolder();
  const delivery = createDelivery({
    layout: resolved(CONFIGURATION, stream).layout,
    spoolMaxBytes: 64 * 1024 * 1024,
    log,
    dataDir,
    ...options,
  });
  afterTest(() => delivery.close(500));
  return { ...delivery, log };
}

export function deliver(delivery: Delivery, outgoing: Outgoing): Promise<Delivered> {
  return new Promise((resolve) => delivery.deliver(outgoing, resolve));
}

export function untilUp(delivery: Delivery): Promise<void> {
  return until("NATS is up", () => delivery.state().nats === "up");
}

export interface StoredMessage {
  readonly subject: string;
  readonly messageId: string;
  readonly payload: string;
}

/** Every message of a stream, by default of the only one. */
export function readStream(url: string, name = STREAM.name): Promise<StoredMessage[]> {
  return patiently(() => readOnce(url, name));
}

async function readOnce(url: string, name: string): Promise<StoredMessage[]> {
  const connection = await connect({ servers: url });
  try {
    const consumer = await jetstream(connection).consumers.get(name);
    const { num_pending: total } = await consumer.info();
    const messages: StoredMessage[] = [];
    if (total === 0) return messages;
    for await (const message of await consumer.consume({ max_messages: 1000 })) {
      messages.push({
        subject: message.subject,
        messageId: message.headers?.get("Nats-Msg-Id") ?? "",
        payload: message.string(),
      });
      if (messages.length === total) break;
    }
    return messages;
  } finally {
    await connection.close();
  }
}

/** How often each message id is in the stream. */
export function countIds(messages: readonly StoredMessage[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { messageId } of messages) counts.set(messageId, (counts.get(messageId) ?? 0) + 1);
  return counts;
}
