// The process of the open loop: keep-alive connections over raw sockets. Reads an OpenLoad from stdin and writes an
// OpenResult to stdout, both as JSON.
import type { Socket } from "bun";
import { type OpenLoad, type OpenResult, quantile } from "./openloop.ts";
import { createRequests } from "./requests.ts";
import { type Lane, Schedule } from "./schedule.ts";

const load = (await Bun.stdin.json()) as OpenLoad;
const requestOf = createRequests(load);
/** Time to connect before the first request has to leave. */
const HEAD_START_MS = 200;
const schedule = new Schedule(performance.now() + HEAD_START_MS, load.perSecond, load.seconds);
const latencies = new Float64Array(schedule.total);
const lateness = new Float64Array(schedule.total);
let answered = 0;
let notOk = 0;
const { promise: done, resolve: end } = Promise.withResolvers<void>();

/** One connection. */
class Line {
  #request = -1;
  #received = "";
  #unsent: Buffer | null = null;

  send(socket: Socket, request: number): void {
    this.#request = request;
    lateness[request] = performance.now() - schedule.dueMs(request);
    this.#write(socket, requestOf(request));
  }

  #write(socket: Socket, bytes: Buffer): void {
    const written = Math.max(0, socket.write(bytes));
    // A copy: what is left may be written over before the socket takes it.
    this.#unsent = written < bytes.length ? Buffer.from(bytes.subarray(written)) : null;
  }

  drain(socket: Socket): void {
    if (this.#unsent !== null) this.#write(socket, this.#unsent);
  }

  /** Takes what has come; true when that ends an answer. */
  take(chunk: Buffer): boolean {
    this.#received += chunk.toString("latin1");
    const head = this.#received.indexOf("\r\n\r\n");
    if (head < 0) return false;
    const length = Number(/content-length: (\d+)/i.exec(this.#received)?.[1] ?? 0);
    if (this.#received.length < head + 4 + length) return false;
    settle(this.#request, this.#received.startsWith("HTTP/1.1 200"));
    this.#request = -1;
    this.#received = "";
    return true;
  }

  close(): void {
    if (this.#request >= 0) settle(this.#request, false);
    this.#request = -1;
  }
}

function settle(request: number, isOk: boolean): void {
  latencies[request] = performance.now() - schedule.dueMs(request);
  if (!isOk) notOk += 1;
  answered += 1;
  if (answered === schedule.total) end();
}

/** Sends what is due; asks again in a millisecond, and whenever an answer comes: under load that is more often. */
function tick(): void {
  schedule.send(performance.now());
  if (answered < schedule.total) setTimeout(tick, 1);
}

function open(): void {
  const line = new Line();
  let lane: Lane = () => {};
  const reopen = () => {
    schedule.withdraw(lane);
    line.close();
    if (answered < schedule.total) setTimeout(open, 10);
  };
  void Bun.connect({
    hostname: "127.0.0.1",
    port: load.port,
    socket: {
      open(socket) {
        lane = (request) => line.send(socket, request);
        schedule.release(lane);
      },
      data(_socket, chunk) {
        if (!line.take(chunk)) return;
        schedule.release(lane);
        schedule.send(performance.now());
      },
      drain: (socket) => line.drain(socket),
      close: reopen,
      connectError: reopen,
    },
  }).catch(() => {});
}

for (let count = 0; count < load.connections; count++) open();
tick();
await done;
latencies.sort();
lateness.sort();
const { user, system } = process.cpuUsage();
const result: OpenResult = {
  requests: schedule.total,
  notOk,
  p50Ms: quantile(latencies, 0.5),
  p99Ms: quantile(latencies, 0.99),
  p999Ms: quantile(latencies, 0.999),
  maxMs: quantile(latencies, 1),
  lateP99Ms: quantile(lateness, 0.99),
  cpuUs: user + system,
};
process.stdout.write(JSON.stringify(result));
process.exit();
