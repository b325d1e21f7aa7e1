// `bun run bench:scale`: what many sources cost. Real gateways: how long the slowest of steady pixels waits while the
// file is reloaded or the metrics are read, and how long a start takes. Flags: --sources N, --destinations N, --starts N;
// --smoke: few of each, once.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Gateway, linesOf, withGateway } from "../support/gatewayprocess.ts";
import { until } from "../support/until.ts";
import { readCount } from "./flags.ts";
import { describeMachine } from "./servers.ts";

const smoke = process.argv.includes("--smoke");
const [MANY, MOST, ROUNDS] = smoke ? ["20", "50", 1] : ["10000", "200000", 5];
const RELOADED = "configuration reloaded";
/** How many pixels go ahead of a round, and how long between two. */
const WARM_UP = 50;
const EVERY_MS = 1;

/** The text of a configuration file in which each source names three destinations. */
function writeConfig(sources: number, destinations: number): string {
  const named = Math.min(3, destinations);
  return JSON.stringify({
    sources: Array.from({ length: sources }, (_, i) => ({
      id: `source-${i}`,
      writeKey: `wk_${i}`,
      destinations: Array.from({ length: named }, (_, j) => `destination-${(i + j) % destinations}`),
    })),
    destinations: Array.from({ length: destinations }, (_, i) => ({ id: `destination-${i}` })),
  });
}

/** Sends one pixel after the other while `act` runs; resolves with the longest wait for an answer, in milliseconds. */
async function longestWait({ url }: Gateway, act: () => Promise<unknown>): Promise<number> {
  let isOver = false;
  let longestMs = 0;
  const ask = async () => {
    const startedMs = performance.now();
    const answer = await fetch(`${url}/pixel/v1/page?writeKey=wk_0`);
    await answer.arrayBuffer();
    if (answer.status !== 200) throw new Error(`Cannot measure a wait: the answer is ${answer.status}`);
    return performance.now() - startedMs;
  };
  for (let sent = 0; sent < WARM_UP; sent++) await ask();
  const asking = (async () => {
    while (!isOver) {
      longestMs = Math.max(longestMs, await ask());
      await Bun.sleep(EVERY_MS);
    }
  })();
  await act();
  isOver = true;
  await asking;
  return longestMs;
}

async function rounds(run: () => Promise<number>): Promise<string> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) times.push(await run());
  times.sort((a, b) => a - b);
  const at = (index: number) => `${(times[index] ?? Number.NaN).toFixed(1)} ms`;
  return `median ${at(ROUNDS >> 1)} of ${ROUNDS}, ${at(0)} to ${at(ROUNDS - 1)}`;
}

async function readMetrics({ adminUrl }: Gateway): Promise<string> {
  return (await fetch(`${adminUrl}/metrics`)).text();
}

const { values } = parseArgs({
  options: {
    sources: { type: "string", default: MANY },
    destinations: { type: "string", default: MANY },
    starts: { type: "string", default: MOST },
    smoke: { type: "boolean" },
  },
});
const sources = readCount("sources", values.sources);
const destinations = readCount("destinations", values.destinations);
const starts = readCount("starts", values.starts);
const folder = mkdtempSync(join(tmpdir(), "pixelgate-scale-"));
try {
  const file = join(folder, "pixelgate.json");
  console.log(describeMachine());
  writeFileSync(file, writeConfig(sources, destinations));
  await withGateway({ env: { PIXELGATE_CONFIG: file } }, async (gateway) => {
    console.log(`${sources} sources × ${destinations} destinations, the longest wait for an answer:`);
    console.log(`  beside nothing  ${await rounds(() => longestWait(gateway, () => Bun.sleep(200)))}`);
    let reloads = linesOf(gateway, RELOADED).length;
    const reload = async () => {
      process.kill(gateway.pid, "SIGHUP");
      reloads++;
      await until("the file is reloaded", () => linesOf(gateway, RELOADED).length >= reloads);
    };
    console.log(`  beside a reload ${await rounds(() => longestWait(gateway, reload))}`);
    console.log(`  beside a scrape ${await rounds(() => longestWait(gateway, () => readMetrics(gateway)))}`);
    console.log(`  a scrape has ${((await readMetrics(gateway)).length / 1e6).toFixed(1)} MB`);
  });

  writeFileSync(file, writeConfig(starts, Math.min(starts, destinations)));
  const startedMs = performance.now();
  await withGateway({ env: { PIXELGATE_CONFIG: file } }, async () => {
    console.log(`${starts} sources: listening after ${(performance.now() - startedMs).toFixed(0)} ms`);
  });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
