// A destination in ten lines: every event of `demo`, also those from before it started, each at least once.
//   NATS_URL=nats://localhost:4222 npx bun examples/subscriber.ts
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";

const connection = await connect({ servers: process.env.NATS_URL ?? "nats://localhost:4222" });
const settings = { durable_name: "demo", filter_subject: "pixel.demo.>", ack_policy: AckPolicy.Explicit };
await (await jetstreamManager(connection)).consumers.add("PIXEL", settings);
const consumer = await jetstream(connection).consumers.get("PIXEL", "demo");
for await (const message of await consumer.consume()) {
  console.log(message.subject, message.json());
  message.ack();
}
