// `bun run bench:steps [--smoke]`: what each step of a request costs, up to its event, on real requests in a server that
// times them one by one. Knows no delivery; `bun run bench` has what all of it costs.
import { DEMO } from "../../src/config/configuration.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { readFacts } from "../../src/pixel/facts.ts";
import { Plans } from "../../src/pixel/plan/plans.ts";
import { chooseReplyForm, replyAccepted } from "../../src/pixel/reply.ts";
import { createApp } from "../../src/server/app.ts";
import type { Decision } from "../../src/server/decide.ts";
import { findRoute } from "../../src/server/routes.ts";
import { targetOf } from "../../src/server/target.ts";
import { resolved } from "../support/configuration.ts";
import { IDLE } from "../support/ports.ts";
import { decideDemo } from "./demo.ts";
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

const { sources } = resolved(DEMO);
const source = sources.get("demo");
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

const newId = () => crypto.randomUUID();
const plans = new Plans();
/** Has plans made. */
const decide = decideDemo(plans);

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
    const url = time("request.url", () => request.url);
    const headers = time("the headers, made whole at the first look", () => request.headers);
    time("Elysia, the request's own object, its promise, two clocks", () => fetch(request));
    const peer = time("the socket's peer", () => server.requestIP(request)?.address ?? null);
    const asker = { headers, peer };
    const facts = time("facts: user agent, locale, referer, flags", () => readFacts(asker, null, false));
    time("the client's address", () => facts.address);
    time("the form of the answer", () => chooseReplyForm(null, null, headers));
    const { type, pathForm } = findRoute(targetOf(url)) ?? { type: "page", pathForm: null };
    const receivedMs = Date.now();
    const query = time("the query's shape", () => plans.find(url));
    const event = time("the event, by its plan", () => query?.write(type, source, facts, receivedMs, newId));
    if (!event) decide({ type, pathForm, url, ...asker, receivedMs });
    time("an id", newId);
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
