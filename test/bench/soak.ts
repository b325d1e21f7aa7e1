// `bun run soak`: millions of events, with shapes that nobody has sent before and clients that behave badly among them, and
// the memory of the gateway on the way.
// Flags: --events N, --generator own|wrk, --smoke. The last line is the verdict: flat or not.
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "nats";
import { startNats } from "../support/natsserver.ts";
import { readCount } from "./flags.ts";
import { chooseGenerator, GENERATOR_FLAG } from "./generators.ts";
import { residentBytes } from "./process.ts";
import { CONNECTIONS, LOADS } from "./rows.ts";
import { describeMachine, startGateway } from "./servers.ts";
import { newShapes, targetsOfRun } from "./strangers.ts";
import { pageTarget } from "./urls.ts";
import { judgeMemory, megabytes } from "./verdict.ts";

const { values: flags } = parseArgs({
  options: {
    events: { type: "string", default: "5000000" },
    smoke: { type: "boolean", default: false },
    ...GENERATOR_FLAG,
  },
});
const generator = chooseGenerator(flags.generator);

/** Requests in all; before memory is looked at first; and what it may do from then on. */
const scale = flags.smoke
  ? // A just-in-time compiler and a heap that still find their size; 4 KB kept of each event would show.
    { events: 40_000, warmUp: 25_000, seconds: 1, maxGrowth: 1.4, maxBytes: 240e6 }
  : longScale(readCount("events", flags.events));

function longScale(events: number) {
  return { events, warmUp: Math.min(1e6, events / 5), seconds: 3, maxGrowth: 1.1, maxBytes: 240e6 };
}

const STEPS = 20;
/** Garbage makes one look at memory a matter of luck. */
const LOOKS = 7;
/** Beside the load, a second: clients that leave in the midst of a request. */
const ABORTS_PER_S = 500;
/** Clients that send a byte of their request now and then, and clients that never read what they asked for. */
const DAWDLERS = 50;

const folder = mkdtempSync(join(tmpdir(), "pixelgate-soak-"));
const nats = await startNats();
const gateway = await startGateway({ NATS_URL: nats.url, PIXELGATE_DATA_DIR: folder, LOG_LEVEL: "error" });
const connection = await connectNats({ servers: nats.url });
const manager = await jetstreamManager(connection);
const dawdlers = new Set<Socket>();
let aborted = 0;

/** Opens a connection, sends a part of a request or all of it, and is gone. */
function abort(): void {
  const request = `GET ${pageTarget} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  const sent = Math.random() < 0.5 ? request : request.slice(0, Math.floor(Math.random() * request.length));
  const socket = connect(gateway.port, "127.0.0.1", () => {
    socket.write(sent, () => setTimeout(() => socket.resetAndDestroy(), Math.random() * 3));
    aborted++;
  });
  socket.on("error", () => {});
}

function dawdle(isReader: boolean): void {
  const socket = connect(gateway.port, "127.0.0.1", () => {
    if (isReader) {
      // Asks again and again, and reads nothing.
      socket.pause();
      socket.write(`GET ${pageTarget} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(20));
    } else socket.write("GET /pixel/v1/page?writeKey=demo HTTP/1.1\r\nHost: ");
  });
  dawdlers.add(socket);
  const timer = setInterval(() => {
    if (isReader) socket.destroy();
    else socket.write("x");
  }, 5000);
  socket.on("error", () => {});
  socket.on("close", () => {
    clearInterval(timer);
    if (dawdlers.delete(socket) && !isStopping) setTimeout(() => dawdle(isReader), 100);
  });
}

const millions = (value: number) => (value / 1e6).toFixed(2);
let isStopping = false;
let runs = 0;
let sent = 0;
let notOk = 0;
let shown = 0;
const aborting = setInterval(() => {
  for (let count = 0; count < ABORTS_PER_S / 20; count++) abort();
}, 50);
for (let index = 0; index < DAWDLERS; index++) dawdle(index % 2 === 0);
const purging = setInterval(() => void manager.streams.purge("PIXEL").catch(() => {}), 2000);

/** Sends until so many requests are answered in all; the gateway's memory then, in bytes: the median of the last looks. */
async function sendUntil(goal: number): Promise<number> {
  const looks: number[] = [];
  while (sent < goal) {
    const { requests, notOk: refused } = await generator.send({
      port: gateway.port,
      targets: targetsOfRun(runs++),
      headers: LOADS.mix.headers,
      connections: CONNECTIONS,
      seconds: scale.seconds,
    });
    sent += requests;
    notOk += refused;
    looks.push(residentBytes(gateway.pid));
    showProgress();
  }
  const last = looks.slice(-LOOKS).toSorted((a, b) => a - b);
  return last[last.length >> 1] ?? residentBytes(gateway.pid);
}

function showProgress(): void {
  const step = Math.floor((Math.min(sent, scale.events) / scale.events) * STEPS);
  if (step === shown) return;
  shown = step;
  console.log(
    `${String(step * (100 / STEPS)).padStart(3)} %  ${millions(sent)} M requests  ${millions(notOk)} M refused  ${millions(newShapes(sent, runs))} M new shapes  ${millions(aborted)} M aborted  RSS ${megabytes(residentBytes(gateway.pid))}`,
  );
}

try {
  console.log(describeMachine());
  console.log(
    `${scale.events} events, generator ${generator.name}, 1 in 10 refused, 1 in 10 of a shape of its own, ${ABORTS_PER_S} aborted a second, ${DAWDLERS} slow clients`,
  );
  const startedMs = performance.now();
  const firstBytes = await sendUntil(scale.warmUp);
  const warmUp = sent;
  const lastBytes = await sendUntil(warmUp + scale.events - scale.warmUp);
  const seconds = (performance.now() - startedMs) / 1000;
  const { isFlat, text } = judgeMemory(firstBytes, lastBytes, `the first ${warmUp} requests`, scale);
  console.log(`${Math.round(sent / seconds)} requests/s`);
  console.log(text);
  if (!isFlat) process.exitCode = 1;
} finally {
  isStopping = true;
  clearInterval(aborting);
  clearInterval(purging);
  for (const socket of dawdlers) socket.destroy();
  await connection.close();
  await gateway.stop();
  await nats.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
