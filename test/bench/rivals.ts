// `bun run bench:rivals`: the gateway beside what one would write instead, all of them durable in the same JetStream.
// Flags: --rounds N, --seconds N, --generator own|wrk, --smoke. Figures are medians over rounds in which the servers
// take turns; the ratios are the point.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { administer, startNats } from "../support/natsserver.ts";
import { readCount } from "./flags.ts";
import { chooseGenerator, GENERATOR_FLAG } from "./generators.ts";
import type { LoadResult } from "./load.ts";
import { cpuTimeUs } from "./process.ts";
import { median } from "./report.ts";
import { nodeVersion, RIVALS, startRival } from "./rivals/start.ts";
import { CONNECTIONS, LOADS } from "./rows.ts";
import { describeMachine, type Server, startGateway, startServer } from "./servers.ts";

const WARM_UP_S = 3;
/** How many times the gateway's CPU time the best of them takes. */
const MUST = 4;
const AIM = 5;

interface Sample {
  readonly cpuUs: number;
  readonly natsUs: number;
  readonly perSecond: number;
  readonly notOk: number;
}

interface Row extends Server {
  readonly name: string;
  readonly samples: Sample[];
}

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    smoke: { type: "boolean", default: false },
    ...GENERATOR_FLAG,
  },
});
const generator = chooseGenerator(flags.generator);
const rounds = flags.smoke ? 1 : readCount("rounds", flags.rounds);
const seconds = flags.smoke ? 1 : readCount("seconds", flags.seconds);

function send(port: number, forSeconds: number): Promise<LoadResult> {
  return generator.send({ port, ...LOADS.mix, connections: CONNECTIONS, seconds: forSeconds });
}

async function measure({ pid, port }: Server, natsPid: number): Promise<Sample> {
  const before = cpuTimeUs(pid);
  const natsBefore = cpuTimeUs(natsPid);
  const { requests, notOk, perSecond } = await send(port, seconds);
  return {
    cpuUs: (cpuTimeUs(pid) - before) / requests,
    natsUs: (cpuTimeUs(natsPid) - natsBefore) / requests,
    perSecond,
    notOk,
  };
}

/** What one server stored is no load of the next one's. */
async function purge(): Promise<void> {
  await administer(nats.url, ({ streams }) => streams.purge("PIXEL"));
}

function middle({ samples }: Row, key: keyof Sample): number {
  return median(samples.map((sample) => sample[key]));
}

function report(bare: Row, gateway: Row, rivals: readonly Row[]): void {
  console.log(
    `${describeMachine()} · ${node === null ? "no Node: its rows are left out" : `Node ${node}`}\n` +
      `the mix with a browser's headers, ${CONNECTIONS} keep-alive connections, generator ${generator.name}, ${rounds} rounds of ${seconds} s, medians`,
  );
  const ours = middle(gateway, "cpuUs");
  console.table(
    [bare, gateway, ...rivals].map((row) => ({
      server: row.name,
      "CPU µs/event": middle(row, "cpuUs").toFixed(1),
      "× ours": (middle(row, "cpuUs") / ours).toFixed(2),
      "nats-server µs": row === bare ? "" : middle(row, "natsUs").toFixed(1),
      "events/s": Math.round(middle(row, "perSecond")),
      "not 200": row.samples.reduce((sum, { notOk }) => sum + notOk, 0),
    })),
  );
  const [best] = rivals.toSorted((a, b) => middle(a, "cpuUs") - middle(b, "cpuUs"));
  if (best === undefined) return;
  const ratio = middle(best, "cpuUs") / ours;
  const verdict = ratio >= AIM ? "reached" : ratio >= MUST ? "must reached, aim not" : "NOT REACHED";
  console.log(
    `the best of them, ${best.name}, takes ${ratio.toFixed(2)} × ours: must ≥ ${MUST}, aim ≥ ${AIM}: ${verdict}`,
  );
}

const node = nodeVersion();
const folder = mkdtempSync(join(tmpdir(), "pixelgate-rivals-"));
const nats = await startNats();
const rows: Row[] = [];
try {
  const add = (name: string, server: Server) => {
    const row: Row = { name, samples: [], ...server };
    rows.push(row);
    return row;
  };
  const bare = add("bare handler", await startServer("bare"));
  // It makes the stream that the others publish to.
  const gateway = add("Pixelgate", await startGateway({ NATS_URL: nats.url, PIXELGATE_DATA_DIR: folder }));
  const rivals: Row[] = [];
  for (const rival of RIVALS) {
    if (rival.runtime === "bun" || node !== null)
      rivals.push(add(rival.name, await startRival(rival, nats.url)));
  }
  // The just-in-time compilers are part of the first seconds' cost, and of no later one's.
  for (const { port } of flags.smoke ? [] : rows) {
    await send(port, WARM_UP_S);
    await purge();
  }
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) {
      row.samples.push(await measure(row, nats.pid));
      await purge();
    }
  }
  report(bare, gateway, rivals);
} finally {
  for (const { stop } of rows) await stop();
  await nats.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
