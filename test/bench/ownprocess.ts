// The process of the generator of our own: keep-alive connections over raw sockets. Reads a Load from stdin and writes
// an OwnResult to stdout, both as JSON.
import { connect } from "node:net";
import { COUNT_DIGITS, FRESH_ID, freshRun, type Load, writeRequests } from "./load.ts";
import type { OwnResult } from "./own.ts";

const load = (await Bun.stdin.json()) as Load;
const run = freshRun();
const requests = writeRequests(load).map((text) => {
  const at = text.indexOf(FRESH_ID);
  const bytes = Buffer.from(text.replace(FRESH_ID, run.padEnd(FRESH_ID.length, "0")));
  return { bytes, countEnd: at < 0 ? 0 : at + FRESH_ID.length };
});
const latencies: number[] = [];
const okLatencies: number[] = [];
let sent = 0;
let notOk = 0;
let busy = 0;
const startedMs = performance.now();
const endsMs = startedMs + load.seconds * 1000;

/** Writes a count in decimal so that it ends before `end`. The socket has taken a request's bytes when they are written again. */
function writeCount(bytes: Buffer, end: number, count: number): void {
  let rest = count;
  for (let at = end - 1; at >= end - COUNT_DIGITS; at--) {
    bytes[at] = 48 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

function connectOne(): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(load.port, "127.0.0.1");
    let sentMs = 0;
    let received = "";
    const send = () => {
      if (performance.now() > endsMs) return socket.end();
      sentMs = performance.now();
      const request = requests[sent++ % requests.length];
      if (request === undefined) return;
      if (request.countEnd > 0) writeCount(request.bytes, request.countEnd, sent);
      socket.write(request.bytes);
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
