// `bun run bench`: server CPU per event, end to end with a real nats-server, beside a bare Bun handler that gets the same
// bytes; then what happens under more load than one can carry. Flags: --rows a,b (no overload then), --rounds N,
// --seconds N, --generator own|wrk, --smoke. Figures are medians over rounds in which the servers take turns; the ratios
// are the point.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { administer, startNats } from "../support/natsserver.ts";
import { readCount, refuse } from "./flags.ts";
import { chooseGenerator, GENERATOR_FLAG } from "./generators.ts";
import type { LoadResult } from "./load.ts";
import { measureOverload } from "./overload.ts";
import { cpuTimeUs, residentBytes } from "./process.ts";
import {
  CONNECTIONS,
  chooseRows,
  connectionsOf,
  judge,
  LOADS,
  messagesOf,
  NATS_AIM_US,
  ROWS,
  type RowPlan,
} from "./rows.ts";
import { describeMachine, type Server, startGateway, startServer } from "./servers.ts";
import { measureStarts } from "./start.ts";

const { values: flags } = parseArgs({
  options: {
    rows: { type: "string" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    smoke: { type: "boolean", default: false },
    ...GENERATOR_FLAG,
  },
});
const generator = chooseGenerator(flags.generator);
const plans = readRows(flags.rows);
const rounds = flags.smoke ? 1 : readCount("rounds", flags.rounds);
const seconds = flags.smoke ? 1 : readCount("seconds", flags.seconds);
/** The just-in-time compiler is part of the first seconds' cost, and of no later one's. */
const WARM_UP_SECONDS = 4;

function readRows(names: string | undefined): readonly RowPlan[] {
  const chosen = names === undefined ? ROWS : chooseRows(names.split(","));
  if (typeof chosen !== "string") return chosen;
  return refuse("rows", `"${chosen}" is not one of ${ROWS.map(({ name }) => name).join(", ")}`);
}

interface Row {
  readonly plan: RowPlan;
  readonly server: Server;
  readonly samples: Sample[];
}

interface Sample extends LoadResult {
  /** Of an event, or of one of its messages where it has many. */
  readonly cpuUs: number;
  readonly natsUs: number;
  readonly rssBytes: number;
}

const folder = mkdtempSync(join(tmpdir(), "pixelgate-bench-"));
const nats = await startNats();
const rows: Row[] = [];

function start({ name, server }: RowPlan): Promise<Server> {
  if ("small" in server) return startServer(server.small);
  const { workers = 1, destinations = 1, isSpooling = false } = server;
  const config = join(folder, `${name}.json`);
  const ids = Array.from({ length: destinations }, (_, i) => `destination-${i}`);
  const file = {
    sources: [{ id: "demo", writeKey: "demo", destinations: ids }],
    destinations: ids.map((id) => ({ id })),
  };
  writeFileSync(config, JSON.stringify(file));
  return startGateway({
    PIXELGATE_CONFIG: config,
    PIXELGATE_DATA_DIR: join(folder, name),
    PIXELGATE_SPOOL_MAX_BYTES: "8GiB",
    PIXELGATE_WORKERS: String(workers),
    ...(isSpooling ? {} : { NATS_URL: nats.url }),
  });
}

function send({ plan, server: { port } }: Row, forSeconds: number): Promise<LoadResult> {
  return generator.send({
    port,
    ...LOADS[plan.load],
    connections: connectionsOf(plan),
    seconds: forSeconds,
  });
}

async function measure(row: Row): Promise<Sample> {
  const { pid } = row.server;
  const before = cpuTimeUs(pid);
  const natsBefore = cpuTimeUs(nats.pid);
  const result = await send(row, seconds);
  const messages = result.requests * messagesOf(row.plan);
  return {
    ...result,
    cpuUs: (cpuTimeUs(pid) - before) / messages,
    natsUs: (cpuTimeUs(nats.pid) - natsBefore) / messages,
    rssBytes: residentBytes(pid),
  };
}

/** What one row stored is no load of the next one's. */
async function purge(): Promise<void> {
  await administer(nats.url, async ({ streams }) => {
    for await (const name of streams.names()) await streams.purge(name);
  });
}

try {
  for (const plan of plans) rows.push({ plan, server: await start(plan), samples: [] });
  await Bun.sleep(500);
  for (const row of flags.smoke ? [] : rows) {
    await send(row, WARM_UP_SECONDS);
    await purge();
  }
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) {
      row.samples.push(await measure(row));
      await purge();
    }
  }
  report();
  if (flags.rows === undefined) {
    console.log(await measureStarts(flags.smoke ? 2 : 15));
    const mix = rows.find(({ plan }) => plan.name === "mix");
    if (mix !== undefined) await measureOverload(mix.server, generator, flags.smoke);
  }
} finally {
  for (const { server } of rows) await server.stop();
  await nats.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit();

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function report(): void {
  const of = (name: string, key: keyof Sample) =>
    median((rows.find(({ plan }) => plan.name === name)?.samples ?? []).map((sample) => sample[key]));
  console.log(describeMachine());
  console.log(
    `generator ${generator.name}, ${CONNECTIONS} keep-alive connections for each process, ${rounds} rounds of ${seconds} s, medians`,
  );
  console.table(
    rows.map(({ plan, samples }) => {
      const { name, server, base = name, must, aim = must } = plan;
      const ratio = of(name, "cpuUs") / of(base, "cpuUs");
      const isInNats = !("small" in server) && server.isSpooling !== true;
      return {
        row: name,
        "CPU µs": of(name, "cpuUs").toFixed(1),
        "÷ by": plan.base ?? "",
        ratio: ratio.toFixed(2),
        must: must?.toFixed(2) ?? "",
        aim: aim?.toFixed(2) ?? "",
        verdict: judge(ratio, plan),
        "nats-server µs": isInNats ? of(name, "natsUs").toFixed(1) : "",
        "events/s": Math.round(of(name, "perSecond")),
        "p50 ms": of(name, "p50Ms").toFixed(1),
        "p99 ms": of(name, "p99Ms").toFixed(1),
        "RSS MB": Math.round(of(name, "rssBytes") / 1e6),
        "not 200": samples.reduce((sum, sample) => sum + sample.notOk, 0),
      };
    }),
  );
  console.log(
    `µs are those of a message where an event has many; nats-server should cost ${NATS_AIM_US} at most`,
  );
}
