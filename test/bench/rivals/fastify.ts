// What one would write instead, with Fastify as its documentation does: request.query, and JetStream's publish awaited.
// Prints its port.
import { jetstream } from "@nats-io/jetstream";
import Fastify from "fastify";
import { connect } from "nats";
import { nested } from "./nested.ts";

interface Pixel {
  Params: { name: string };
  Querystring: Record<string, string | string[]>;
}

const js = jetstream(await connect({ servers: process.env.NATS_URL ?? "localhost" }));
const fastify = Fastify();

fastify.get<Pixel>("/pixel/v1/:name", async ({ params, query, headers, ip }) => {
  const type = params.name.replace(".gif", "");
  const messageId = crypto.randomUUID();
  const event = {
    ...nested(Object.entries(query)),
    type,
    messageId,
    receivedAt: new Date().toISOString(),
    ip,
    userAgent: headers["user-agent"],
    locale: headers["accept-language"],
    referrer: headers.referer,
  };
  await js.publish(`pixel.demo.${type}`, JSON.stringify(event), { msgID: messageId });
  return "OK";
});

const address = await fastify.listen({ host: "127.0.0.1", port: 0 });
console.log(new URL(address).port);
