// `bun run faults`: does to real processes what a 200 must survive, and prints what became of the events.
// Flags: --events N (answered 200 in each row, 20000), --only 1,3, --connections N, --seed N.
import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { natsVersion } from "../support/natsbinaries.ts";
import { startNats } from "../support/natsserver.ts";
import { until } from "../support/until.ts";
import type { NeighbourAccount } from "./neighbouraccount.ts";
import { NEIGHBOUR_FAULTS, runNeighbour } from "./neighbours.ts";
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
  quorumMs: 20_000,
  calmMs: 1500,
  damages: 100,
  cuts: 20,
  kills: 6,
  rounds: 3,
  phaseMs: 6000,
  neighbourPerSecond: 2000,
  seed: Number(flags.seed),
};
const only = flags.only === "" ? null : new Set(flags.only.split(",").map(Number));
const seconds = (ms: number | null) => (ms === null ? "" : `${(ms / 1000).toFixed(1)} s`);

type Cells = readonly (string | number)[];
interface Table<Account> {
  readonly title: string;
  readonly widths: readonly [name: string, width: number][];
  readonly cells: (account: Account) => Cells;
}

const ACCOUNTS: Table<Account> = {
  title: "fault",
  widths: [
    ["200", 8],
    ["refused", 8],
    ["no answer", 10],
    ["in stream", 10],
    ["lost", 5],
    ["twice", 6],
    ["p99", 9],
    ["drained", 9],
  ],
  cells: (account) => [
    account.answered,
    account.refused,
    account.unanswered,
    account.inStream,
    account.lost,
    account.twice,
    `${account.p99Ms.toFixed(0)} ms`,
    seconds(account.drainMs),
    account.note,
  ],
};

/** Of healthy destinations, "broken" of the others; what is with the trouble stands beside what was without. */
const NEIGHBOURS: Table<NeighbourAccount> = {
  title: "fault of a neighbour",
  widths: [
    ["200", 8],
    ["else", 6],
    ["lost", 5],
    ["twice", 6],
    ["spooled", 8],
    ["a second", 14],
    ["", 9],
    ["p99", 18],
    ["", 8],
    ["broken", 8],
    ["kept", 7],
    ["lost", 5],
    ["twice", 6],
  ],
  cells: ({ without, with: troubled, ...account }) => [
    account.answered,
    account.notAnswered,
    account.lost,
    account.twice,
    account.spooled,
    `${without.perSecond.toFixed(0)} > ${troubled.perSecond.toFixed(0)}`,
    `${((troubled.perSecond / without.perSecond) * 100).toFixed(1)} %`,
    `${without.p99Ms.toFixed(1)} > ${troubled.p99Ms.toFixed(1)} ms`,
    `${(troubled.p99Ms / without.p99Ms).toFixed(2)} x`,
    account.brokenCopies,
    account.brokenKept,
    account.brokenLost,
    account.brokenTwice,
  ],
};

console.log(
  `${cpus()[0]?.model}, ${cpus().length} cores · Bun ${Bun.version} · nats-server ${natsVersion()}`,
);
console.log(
  `${scale.connections} connections, ${scale.perSecond} events/s, ${scale.events} answered at least, seed ${scale.seed}`,
);
let isBroken = false;
await printTable(ACCOUNTS, FAULTS, (fault) => runFault(fault, scale));
await printTable(NEIGHBOURS, NEIGHBOUR_FAULTS, (fault) => runNeighbour(fault, scale));
if (only === null) await printThroughput();
process.exit(isBroken ? 1 : 0);

interface Row {
  readonly number: number;
  readonly name: string;
  readonly obstacle?: () => string | null;
}

type Faulty = Partial<Record<"lost" | "twice" | "spooled" | "brokenLost" | "brokenTwice", number>>;

async function printTable<F extends Row, A extends Faulty>(
  { title, widths, cells }: Table<A>,
  faults: readonly F[],
  run: (fault: F) => Promise<A>,
): Promise<void> {
  const wanted = faults.filter(({ number }) => only === null || only.has(number));
  if (wanted.length === 0) return;
  console.log(`\n${title.padEnd(44)}${widths.map(([name, width]) => name.padStart(width)).join("")}`);
  for (const fault of wanted) {
    const name = `${String(fault.number).padStart(2)} ${fault.name}`.padEnd(44);
    const obstacle = fault.obstacle?.() ?? null;
    if (obstacle !== null) {
      console.log(`${name}  not shown: ${obstacle}`);
      continue;
    }
    try {
      const account = await run(fault);
      const texts = cells(account).map((cell, column) => {
        const width = widths[column]?.[1];
        return width === undefined ? `  ${cell}` : String(cell).padStart(width);
      });
      console.log(`${name}${texts.join("").trimEnd()}`);
      const { lost = 0, twice = 0, spooled = 0, brokenLost = 0, brokenTwice = 0 } = account;
      if (lost + twice + spooled + brokenLost + brokenTwice !== 0) isBroken = true;
    } catch (error) {
      isBroken = true;
      console.log(`${name}  ${error instanceof Error ? error.message : error}`);
    }
  }
}

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
