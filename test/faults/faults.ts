// `bun run faults`: does to real processes what a 200 must survive, and prints what became of the events.
// Flags: --events N (answered 200 in each row, 20000), --only 1,3, --connections N, --seed N.
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { natsVersion } from "../support/natsbinaries.ts";
import { startNats } from "../support/natsserver.ts";
import { until } from "../support/until.ts";
import { FAULTS, runFault } from "./table.ts";
import { type Account, type Scale, World } from "./world.ts";

const { values: flags } = parseArgs({
  options: {
    events: { type: "string", default: "20000" },
    connections: { type: "string", default: "2000" },
    only: { type: "string", default: "" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 1_000_000)) },
  },
});
const scale: Scale = {
  events: Number(flags.events),
  connections: Number(flags.connections),
  perSecond: 4000,
  awayMs: 5000,
  frozenMs: 10_000,
  calmMs: 1500,
  damages: 100,
  cuts: 20,
  kills: 6,
  seed: Number(flags.seed),
};
const only = flags.only === "" ? null : new Set(flags.only.split(",").map(Number));
const seconds = (ms: number | null) => (ms === null ? "" : `${(ms / 1000).toFixed(1)} s`);

const COLUMNS: readonly [string, number, (account: Account) => string | number][] = [
  ["200", 8, (account) => account.answered],
  ["refused", 8, (account) => account.refused],
  ["no answer", 10, (account) => account.unanswered],
  ["in stream", 10, (account) => account.inStream],
  ["lost", 5, (account) => account.lost],
  ["twice", 6, (account) => account.twice],
  ["p99", 9, (account) => `${account.p99Ms.toFixed(0)} ms`],
  ["drained", 9, (account) => seconds(account.drainMs)],
];

console.log(
  `${cpus()[0]?.model}, ${cpus().length} cores · Bun ${Bun.version} · nats-server ${natsVersion()}`,
);
console.log(
  `${scale.connections} connections, ${scale.perSecond} events/s, ${scale.events} answered at least, seed ${scale.seed}\n`,
);
console.log(`${"fault".padEnd(44)}${COLUMNS.map(([name, width]) => name.padStart(width)).join("")}`);
let isBroken = false;
for (const fault of FAULTS) {
  if (only !== null && !only.has(fault.number)) continue;
  const title = `${String(fault.number).padStart(2)} ${fault.name}`.padEnd(44);
  const obstacle = fault.obstacle?.() ?? null;
  if (obstacle !== null) {
    console.log(`${title}  not shown: ${obstacle}`);
    continue;
  }
  try {
    const account = await runFault(fault, scale);
    const cells = COLUMNS.map(([, width, cell]) => String(cell(account)).padStart(width)).join("");
    console.log(`${title}${cells}${account.note === "" ? "" : `  ${account.note}`}`);
    if (account.lost > 0 || account.twice > 0) isBroken = true;
  } catch (error) {
    isBroken = true;
    console.log(`${title}  ${error instanceof Error ? error.message : error}`);
  }
}
if (only === null) await printThroughput();
process.exit(isBroken ? 1 : 0);

/** As many events as the gateway takes, with NATS and without. */
async function printThroughput(): Promise<void> {
  const world = new World(scale);
  try {
    const nats = world.adopt(await startNats());
    await world.startGateway([nats.url]);
    await world.untilUp();
    world.startLoad(null, 256);
    const published = await rate(world);
    await nats.kill();
    await until("NATS is down", async () => (await world.metrics())?.isUp === false, 10_000);
    const spooled = await rate(world);
    await world.load?.stop();
    const share = ((spooled / published) * 100).toFixed(0);
    console.log(`\nas fast as it goes, 256 connections: ${published.toFixed(0)} events/s with NATS up,`);
    console.log(`${spooled.toFixed(0)} events/s into the spool: ${share} %`);
  } finally {
    await world.close();
  }
}

async function rate({ load }: World): Promise<number> {
  await sleep(1500);
  const [before, beganAt] = [load?.answered ?? 0, performance.now()];
  await sleep(4000);
  return (((load?.answered ?? 0) - before) / (performance.now() - beganAt)) * 1000;
}
