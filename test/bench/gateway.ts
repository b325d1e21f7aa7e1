// `bun run bench`: server CPU per event, end to end with a real nats-server, beside a bare Bun handler; then what
// happens under more load than one can carry. Flags: --rounds N, --seconds N, --generator own|wrk, --smoke.
// Figures are medians over rounds in which the servers take turns; the ratios are the point.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type NatsServer, startNats } from "../support/natsserver.ts";
import { readCount } from "./flags.ts";
import { chooseGenerator, GENERATOR_FLAG } from "./generators.ts";
import type { LoadResult } from "./load.ts";
import { measureOverload } from "./overload.ts";
import { cpuTimeUs, residentBytes } from "./process.ts";
import { describeMachine, type Server, startGateway, startServer } from "./servers.ts";
import { measureStarts } from "./start.ts";
import { pageTarget, pageTargets } from "./urls.ts";

const CONNECTIONS = 64;

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    seconds: { type: "string", default: "2" },
    smoke: { type: "boolean", default: false },
    ...GENERATOR_FLAG,
  },
});
const generator = chooseGenerator(flags.generator);
const rounds = flags.smoke ? 1 : readCount("rounds", flags.rounds);
const seconds = flags.smoke ? 1 : readCount("seconds", flags.seconds);

interface Row extends Server {
  readonly name: string;
  readonly targets: readonly string[];
  readonly nats?: NatsServer;
  readonly samples: Sample[];
}

interface Sample extends LoadResult {
  readonly cpuUs: number;
  readonly natsUs: number;
  readonly rssBytes: number;
}

async function measure({ pid, port, nats, targets }: Row): Promise<Sample> {
  const before = cpuTimeUs(pid);
  const natsBefore = nats === undefined ? 0 : cpuTimeUs(nats.pid);
  const result = await generator.send({ port, targets, connections: CONNECTIONS, seconds });
  return {
    ...result,
    cpuUs: (cpuTimeUs(pid) - before) / result.requests,
    natsUs: nats === undefined ? 0 : (cpuTimeUs(nats.pid) - natsBefore) / result.requests,
    rssBytes: residentBytes(pid),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const folder = mkdtempSync(join(tmpdir(), "pixelgate-bench-"));
const nats = await startNats();
const rows: Row[] = [];
try {
  for (const name of ["bare", "elysia", "parse"]) {
    rows.push({ name, targets: [pageTarget], samples: [], ...(await startServer(name)) });
  }
  const gateways = { durable: {}, "2 workers": { PIXELGATE_WORKERS: "2" } };
  for (const [name, settings] of Object.entries(gateways)) {
    const own = { NATS_URL: nats.url, PIXELGATE_DATA_DIR: join(folder, name), ...settings };
    const row: Row = { name, targets: [pageTarget], samples: [], nats, ...(await startGateway(own)) };
    rows.push(row);
    // The readers of queries remember keys and values: what a crowd of visitors costs shows with as many targets.
    if (name === "durable")
      rows.push({ ...row, name: "durable, visits differ", targets: pageTargets, samples: [] });
  }
  const spooling = { PIXELGATE_DATA_DIR: join(folder, "spool"), PIXELGATE_SPOOL_MAX_BYTES: "8GiB" };
  rows.push({ name: "spooling", targets: [pageTarget], samples: [], ...(await startGateway(spooling)) });

  await Bun.sleep(500);
  // The just-in-time compiler is part of the first seconds' cost, and of no later one's.
  for (const { port, targets } of flags.smoke ? [] : rows) {
    await generator.send({ port, targets, connections: CONNECTIONS, seconds: 3 });
  }
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) row.samples.push(await measure(row));
  }
  report();
  console.log(await measureStarts(flags.smoke ? 2 : 15));
  const durable = rows.find(({ name }) => name === "durable");
  if (durable !== undefined) await measureOverload(durable, generator, flags.smoke);
} finally {
  for (const { stop } of rows) await stop();
  await nats.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit();

function report(): void {
  const of = (name: string, key: keyof Sample) =>
    median((rows.find((row) => row.name === name)?.samples ?? []).map((sample) => sample[key]));
  console.log(describeMachine());
  console.log(
    `${CONNECTIONS} keep-alive connections, generator ${generator.name}, an AMP page view of 18 parameters (where visits differ: ${pageTargets.length} in turn), ${rounds} rounds of ${seconds} s, medians`,
  );
  console.table(
    rows.map(({ name, samples, nats }) => ({
      server: name,
      "CPU µs/event": of(name, "cpuUs").toFixed(1),
      "× bare": (of(name, "cpuUs") / of("bare", "cpuUs")).toFixed(2),
      "nats-server µs": nats === undefined ? "" : of(name, "natsUs").toFixed(1),
      "events/s": Math.round(of(name, "perSecond")),
      "p50 ms": of(name, "p50Ms").toFixed(1),
      "p99 ms": of(name, "p99Ms").toFixed(1),
      "RSS MB": Math.round(of(name, "rssBytes") / 1e6),
      "not 200": samples.reduce((sum, sample) => sum + sample.notOk, 0),
    })),
  );
  const gain = of("2 workers", "perSecond") / of("durable", "perSecond");
  console.log(
    `2 workers take ${gain.toFixed(2)} × the events of one, on the cores that load generator and nats-server leave`,
  );
}
