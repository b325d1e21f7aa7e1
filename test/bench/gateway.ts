// `bun run bench`: server CPU per event, end to end with a real nats-server, beside a bare Bun handler that gets the same
// bytes; then what happens under more load than one can carry. Flags: --rows a,b (and no overload), --cpu-profile ROW (a
// profile alone), --rounds N, --seconds N, --generator own|wrk, --smoke. Figures are medians over rounds in which the
// servers take turns; the ratios are the point.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { administer, startNats } from "../support/natsserver.ts";
import { readCount, refuse } from "./flags.ts";
import { chooseGenerator, GENERATOR_FLAG } from "./generators.ts";
import type { LoadResult } from "./load.ts";
import { measureOverload } from "./overload.ts";
import { cpuTimeUs, residentBytes } from "./process.ts";
import { prepareProfile, profile } from "./profile.ts";
import { LEGEND, type Sample, tabulate } from "./report.ts";
import { CONNECTIONS, chooseRows, LOADS, messagesOf, processesOf, ROWS, type RowPlan } from "./rows.ts";
import { describeMachine, type Server, startRow } from "./servers.ts";
import { measureStarts } from "./start.ts";

const { values: flags } = parseArgs({
  options: {
    rows: { type: "string" },
    "cpu-profile": { type: "string" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    smoke: { type: "boolean", default: false },
    ...GENERATOR_FLAG,
  },
});
const generator = chooseGenerator(flags.generator);
const plans = readRows("rows", flags.rows) ?? ROWS;
/** The last of the rows that a row needs is the row itself. */
const profiled = readRows("cpu-profile", flags["cpu-profile"])?.at(-1) ?? null;
const rounds = flags.smoke ? 1 : readCount("rounds", flags.rounds);
const seconds = flags.smoke ? 1 : readCount("seconds", flags.seconds);
/** What the just-in-time compiler costs is over after so many messages, in each process. */
const WARM_UP_MESSAGES = flags.smoke ? 1 : 60_000;

function readRows(flag: string, names: string | undefined): readonly RowPlan[] | null {
  if (names === undefined) return null;
  const chosen = chooseRows(names.split(","));
  if (typeof chosen !== "string") return chosen;
  return refuse(flag, `"${chosen}" is not one of ${ROWS.map(({ name }) => name).join(", ")}`);
}

interface Row {
  readonly plan: RowPlan;
  readonly server: Server;
  readonly samples: Sample[];
}

const folder = mkdtempSync(join(tmpdir(), "pixelgate-bench-"));
const nats = await startNats();
const rows: Row[] = [];

function send(plan: RowPlan, { port }: Server, forSeconds: number): Promise<LoadResult> {
  const connections = CONNECTIONS * processesOf(plan);
  return generator.send({ port, ...LOADS[plan.load], connections, seconds: forSeconds });
}

async function measure({ plan, server: { pid }, server }: Row): Promise<Sample> {
  const before = cpuTimeUs(pid);
  const natsBefore = cpuTimeUs(nats.pid);
  const result = await send(plan, server, seconds);
  const messages = result.requests * messagesOf(plan);
  const cpuUs = (cpuTimeUs(pid) - before) / messages;
  const natsUs = (cpuTimeUs(nats.pid) - natsBefore) / messages;
  const notStored = messages - (await purge());
  return { ...result, cpuUs, natsUs, notStored, rssBytes: residentBytes(pid) };
}

/** Empties the streams, so that what one row stored is no load of the next one's, and returns how many messages they held. */
async function purge(): Promise<number> {
  return administer(nats.url, async ({ streams }) => {
    let held = 0;
    for await (const name of streams.names()) held += (await streams.purge(name)).purged;
    return held;
  });
}

async function warmUp(plan: RowPlan, server: Server): Promise<void> {
  let missing = WARM_UP_MESSAGES * processesOf(plan);
  while (missing > 0) missing -= (await send(plan, server, seconds)).requests * messagesOf(plan);
  await purge();
}

async function compareRows(): Promise<void> {
  for (const plan of plans) rows.push({ plan, server: await startRow(plan, folder, nats.url), samples: [] });
  await Bun.sleep(500);
  for (const { plan, server } of rows) await warmUp(plan, server);
  for (let round = 0; round < rounds; round++) {
    for (const row of rows) row.samples.push(await measure(row));
  }
  console.log(describeMachine());
  console.log(
    `generator ${generator.name}, ${CONNECTIONS} keep-alive connections for each process, ${rounds} rounds of ${seconds} s, medians`,
  );
  console.table(tabulate(rows));
  console.log(LEGEND);
}

async function measureTheRest(): Promise<void> {
  console.log(await measureStarts(flags.smoke ? 2 : 15));
  const mix = rows.find(({ plan }) => plan.name === "mix");
  if (mix !== undefined) await measureOverload(mix.server, generator, flags.smoke);
}

async function profileRow(plan: RowPlan): Promise<void> {
  const { folder: profiles, env } = prepareProfile();
  const server = await startRow(plan, folder, nats.url, env);
  rows.push({ plan, server, samples: [] });
  await warmUp(plan, server);
  console.log(`${describeMachine()}\n${plan.name}, generator ${generator.name}, ${seconds * rounds} s`);
  await profile(server, profiles, () => send(plan, server, seconds * rounds));
}

try {
  if (profiled !== null) await profileRow(profiled);
  else await compareRows();
  if (profiled === null && flags.rows === undefined) await measureTheRest();
} finally {
  for (const { server } of rows) await server.stop();
  await nats.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
