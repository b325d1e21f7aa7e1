// `bun run bench:steps [--smoke]`: what each step around an event costs on real requests, in a server that times them one
// by one. Knows neither the query nor delivery; `bun run bench` has what all of it costs.
import { DEMO } from "../../src/config/configuration.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { clientAddress } from "../../src/pixel/address.ts";
import { readFacts } from "../../src/pixel/facts.ts";
import { chooseReplyForm, replyAccepted } from "../../src/pixel/reply.ts";
import { createApp } from "../../src/server/app.ts";
import type { Decision } from "../../src/server/decide.ts";
import { resolved } from "../support/configuration.ts";
import { IDLE } from "../support/ports.ts";
import type { Load } from "./load.ts";
import { mixLoad } from "./mix.ts";
import { own } from "./own.ts";
import { describeMachine } from "./servers.ts";

/** Past this share of the shortest times somebody else had the processor, or garbage was collected. */
const UNDISTURBED = 0.95;
const NOTHING = "nothing";

const smoke = process.argv.includes("--smoke");
const seconds = smoke ? 0.2 : 4;
const loads: Readonly<Record<string, Pick<Load, "targets" | "headers">>> = {
  "a browser's headers, µs": mixLoad("browser"),
  "few headers, µs": mixLoad("few"),
};

let samples = new Map<string, number[]>();

function time<T>(step: string, act: () => T): T {
  const from = performance.now();
  const result = act();
  const took = performance.now() - from;
  const times = samples.get(step);
  if (times === undefined) samples.set(step, [took]);
  else times.push(took);
  return result;
}

/** The mean of a step's undisturbed times, in microseconds, without what it takes to look at the clock. */
function meanUs(step: string): number {
  const mean = (times: readonly number[]) => {
    const kept = times.toSorted((a, b) => a - b).slice(0, Math.ceil(times.length * UNDISTURBED));
    return (kept.reduce((sum, ms) => sum + ms, 0) / kept.length) * 1000;
  };
  return mean(samples.get(step) ?? []) - mean(samples.get(NOTHING) ?? []);
}

const source = resolved(DEMO).sources.get("demo");
if (source === undefined) throw new Error("Cannot measure: the demo has no source");
const decision: Decision = {
  outcome: "accepted",
  source,
  form: "gif",
  outgoing: { id: "", sourceId: source.id, type: "page", payload: new Uint8Array(), routes: [] },
  setCookie: null,
};
const metrics = createMetrics({
  version: "",
  startedMs: 0,
  sourceIds: () => [],
  delivery: () => IDLE,
});
const { fetch } = createApp({
  decide: () => decision,
  delivery: { deliver() {}, publishRejected() {} },
  observer: { isWatched: false, count() {}, show() {} },
  clock: Date.now,
  peer: () => null,
  onFault: console.error,
}).compile();

let waiting: (() => void)[] = [];

/** All that came in one turn are answered together, as acks answer them. */
function answerAll(): void {
  const turn = waiting;
  waiting = [];
  for (const answer of turn) answer();
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  development: false,
  fetch(request) {
    const startedMs = performance.now();
    time(NOTHING, () => null);
    time("request.url", () => request.url);
    const headers = time("the headers, made whole at the first look", () => request.headers);
    time("Elysia, the request's own object, its promise, two clocks", () => fetch(request));
    time("facts: user agent, locale, referer, flags", () => readFacts({ headers, peer: null }, null, false));
    time("the form of the answer", () => chooseReplyForm(null, null, headers));
    const peer = time("the socket's peer", () => server.requestIP(request)?.address ?? null);
    time("the client's address", () => clientAddress(peer, null, null));
    time("two ids", () => [crypto.randomUUID(), crypto.randomUUID()]);
    return new Promise<Response>((resolve) => {
      if (waiting.push(answer) === 1) setImmediate(answerAll);

      function answer(): void {
        time("a count", () => metrics.count("published", "page", "demo", null, startedMs));
        time('beside it: new Response("OK")', () => new Response("OK"));
        resolve(time("the answer", () => replyAccepted("gif", null)));
      }
    });
  },
});

const table = new Map<string, Record<string, string>>();
for (const [column, load] of Object.entries(loads)) {
  const whole = { ...load, port: server.port ?? 0, connections: 64, seconds };
  await own.send(whole);
  samples = new Map();
  await own.send(whole);
  for (const step of samples.keys()) {
    if (step === NOTHING) continue;
    table.set(step, { step, ...table.get(step), [column]: meanUs(step).toFixed(2) });
  }
}
metrics.stop();
console.log(describeMachine());
console.table([...table.values()]);
process.exit();
