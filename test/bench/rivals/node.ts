// What one would write instead, with node:http as Node's documentation does: URL and its searchParams, and JetStream's
// publish awaited. Prints its port.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { jetstream } from "@nats-io/jetstream";
import { connect } from "nats";
import { eventOf } from "./event.ts";

const js = jetstream(await connect({ servers: process.env.NATS_URL ?? "localhost" }));

const server = createServer(async ({ url, headers, socket }, response) => {
  const { pathname, searchParams } = new URL(`http://localhost${url}`);
  const type = pathname.replace("/pixel/v1/", "").replace(".gif", "");
  const event = eventOf(searchParams, type, socket.remoteAddress, headers);
  try {
    await js.publish(`pixel.demo.${type}`, JSON.stringify(event), { msgID: event.messageId });
    response.writeHead(200, { "Content-Type": "text/plain" });
    response.end("OK");
  } catch (error) {
    response.writeHead(503);
    response.end(String(error));
  }
});

server.listen(0, "127.0.0.1", () => console.log((server.address() as AddressInfo).port));
