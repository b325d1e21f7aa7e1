// What one would write instead, with Fastify as its documentation does: request.query, and JetStream's publish awaited.
// Prints its port.
import { jetstream } from "@nats-io/jetstream";
import Fastify from "fastify";
import { connect } from "nats";
import { eventOf } from "./event.ts";

interface Pixel {
  Params: { name: string };
  Querystring: Record<string, string | string[]>;
}

const js = jetstream(await connect({ servers: process.env.NATS_URL ?? "localhost" }));
const fastify = Fastify();

fastify.get<Pixel>("/pixel/v1/:name", async ({ params, query, headers, ip }) => {
  const type = params.name.replace(".gif", "");
  const event = eventOf(Object.entries(query), type, ip, headers);
  await js.publish(`pixel.demo.${type}`, JSON.stringify(event), { msgID: event.messageId });
  return "OK";
});

const address = await fastify.listen({ host: "127.0.0.1", port: 0 });
console.log(new URL(address).port);
