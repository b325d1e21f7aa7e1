// The process of the generator of our own: keep-alive connections over raw sockets. Reads a Load from stdin and writes
// an OwnResult to stdout, both as JSON.
import { connect } from "node:net";
import type { Load } from "./load.ts";
import type { OwnResult } from "./own.ts";
import { createRequests } from "./requests.ts";

const load = (await Bun.stdin.json()) as Load;
const requestOf = createRequests(load);
const latencies: number[] = [];
const okLatencies: number[] = [];
let sent = 0;
let notOk = 0;
let busy = 0;
const startedMs = performance.now();
const endsMs = startedMs + load.seconds * 1000;

function connectOne(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(load.port, "127.0.0.1");
    let sentMs = 0;
    let received = "";
    const send = () => {
      if (performance.now() > endsMs) return socket.end();
      sentMs = performance.now();
      socket.write(requestOf(sent++));
    };
    socket.setNoDelay(true);
    socket.on("connect", send);
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      const head = received.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0);
      if (received.length < head + 4 + length) return;
      const latencyMs = performance.now() - sentMs;
      latencies.push(latencyMs);
      if (received.startsWith("HTTP/1.1 200")) okLatencies.push(latencyMs);
      else notOk += 1;
      if (received.startsWith("HTTP/1.1 503")) busy += 1;
      received = "";
      send();
    });
    socket.on("error", () => {
      notOk += 1;
    });
    socket.on("close", () => resolve());
  });
}

await Promise.all(Array.from({ length: load.connections }, connectOne));
const quantile = (values: number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
const result: OwnResult = {
  requests: latencies.length,
  notOk,
  perSecond: (latencies.length / (performance.now() - startedMs)) * 1000,
  p50Ms: quantile(latencies, 0.5),
  p99Ms: quantile(latencies, 0.99),
  busy,
  okP99Ms: quantile(okLatencies, 0.99),
};
process.stdout.write(JSON.stringify(result));
