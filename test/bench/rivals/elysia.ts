// What one would write instead, with Elysia as its documentation does: the inferred query and headers, and JetStream's
// publish awaited. Prints its port.
import { jetstream } from "@nats-io/jetstream";
import { Elysia } from "elysia";
import { connect } from "nats";
import { nested } from "./nested.ts";

const js = jetstream(await connect({ servers: process.env.NATS_URL ?? "localhost" }));

const app = new Elysia()
  .get("/pixel/v1/:name", async ({ params, query, headers, request, server }) => {
    const type = params.name.replace(".gif", "");
    const messageId = crypto.randomUUID();
    const event = {
      ...nested(Object.entries(query)),
      type,
      messageId,
      receivedAt: new Date().toISOString(),
      ip: server?.requestIP(request)?.address,
      userAgent: headers["user-agent"],
      locale: headers["accept-language"],
      referrer: headers.referer,
    };
    await js.publish(`pixel.demo.${type}`, JSON.stringify(event), { msgID: messageId });
    return "OK";
  })
  .listen({ hostname: "127.0.0.1", port: 0 });

console.log(app.server?.port);
