// What one would write instead, with Elysia as its documentation does: the inferred query and headers, and JetStream's
// publish awaited. Prints its port.
import { jetstream } from "@nats-io/jetstream";
import { Elysia } from "elysia";
import { connect } from "nats";
import { eventOf } from "./event.ts";

const js = jetstream(await connect({ servers: process.env.NATS_URL ?? "localhost" }));

const app = new Elysia()
  .get("/pixel/v1/:name", async ({ params, query, headers, request, server }) => {
    const type = params.name.replace(".gif", "");
    const event = eventOf(Object.entries(query), type, server?.requestIP(request)?.address, headers);
    await js.publish(`pixel.demo.${type}`, JSON.stringify(event), { msgID: event.messageId });
    return "OK";
  })
  .listen({ hostname: "127.0.0.1", port: 0 });

console.log(app.server?.port);
