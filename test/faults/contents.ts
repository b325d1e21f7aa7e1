// What a stream holds of a run, read with full rights.
import { jetstream } from "@nats-io/jetstream";
import { connect } from "nats";
import { patiently } from "../support/natsserver.ts";

/** Calls for every message of a stream with its subject and payload, from the first on; again from there when it fails midway. */
export function readStream(
  url: string,
  stream: string,
  begin: () => (subject: string, text: string) => void,
): Promise<void> {
  return patiently(async () => {
    const onMessage = begin();
    const connection = await connect({ servers: url.split(","), timeout: 3000 });
    try {
      const consumer = await jetstream(connection).consumers.get(stream);
      let left = (await consumer.info()).num_pending;
      if (left === 0) return;
      for await (const message of await consumer.consume({ max_messages: 2000 })) {
        onMessage(message.subject, message.string());
        if (--left === 0) break;
      }
    } finally {
      await connection.close();
    }
  });
}
