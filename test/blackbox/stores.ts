// Where a gateway under test leaves its events: the spool of its data folder, or JetStream.
import { jetstream } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "nats";
import { readSpool } from "../../src/delivery/spool/reader.ts";
import { decodePayload } from "../../src/pixel/payload.ts";
import { type NatsServer, startNats } from "../support/natsserver.ts";
import type { Arrival, Store } from "./world.ts";

const WAIT_MS = 5000;

async function poll(read: () => Arrival[] | Promise<Arrival[]>, isComplete: (found: Arrival[]) => boolean) {
  const deadline = Date.now() + WAIT_MS;
  for (;;) {
    const found = await read();
    if (isComplete(found) || Date.now() > deadline) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The embedded default: no NATS, events stay in the spool. */
export function createSpoolStore(): Store {
  return {
    name: "the spool",
    start: async () => ({}),
    arrivals: ({ dataDir }, isComplete) =>
      poll(
        () =>
          readSpool(dataDir, { afterSeq: 0, limit: 10_000 }).flatMap(({ routes, payload }) =>
            routes.map(({ subject }) => ({ subject, event: JSON.parse(decodePayload(payload)) })),
          ),
        isComplete,
      ),
    stop: async () => {},
  };
}

/** A nats-server of its own; arrivals are what its stream holds, refused requests aside. */
export function createStreamStore(): Store {
  let nats: NatsServer | null = null;
  let connection: NatsConnection | null = null;
  return {
    name: "JetStream",
    start: async () => {
      nats = await startNats();
      connection = await connect({ servers: nats.url });
      return { NATS_URL: nats.url };
    },
    arrivals: async (_gateway, isComplete) => {
      if (connection === null) throw new Error("Cannot read the stream: the store is not started");
      const consumer = await jetstream(connection).consumers.get("PIXEL");
      const found: Arrival[] = [];
      return await poll(async () => {
        const messages = await consumer.fetch({ max_messages: 1000, expires: 1000 });
        for await (const message of messages) {
          if (message.subject.startsWith("pixel._rejected.")) continue;
          found.push({ subject: message.subject, event: message.json() });
          if (message.info.pending === 0) break;
        }
        return found;
      }, isComplete);
    },
    stop: async () => {
      await connection?.close();
      await nats?.stop();
    },
  };
}
