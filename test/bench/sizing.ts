// `bun run bench:sizing`: what one event costs, measured, and what rates of events need, calculated from that. The figures
// of docs/sizing.md. Flags: --seconds N for each figure, --smoke.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { measureCosts, PARTITIONS } from "./eventcosts.ts";
import { readCount } from "./flags.ts";
import { digits, type Needs, needsOf } from "./needs.ts";
import { describeMachine } from "./servers.ts";

const RATES = [1000, 10_000, 100_000, 1_000_000];

const { values: flags } = parseArgs({
  options: { seconds: { type: "string", default: "5" }, smoke: { type: "boolean", default: false } },
});
const seconds = flags.smoke ? 1 : readCount("seconds", flags.seconds);

/** What the rows of the second table are called. */
const NEEDS: readonly (readonly [keyof Needs, string])[] = [
  ["gatewayCores", "cores of gateways"],
  ["natsCores", "cores of nats-server, 1 replica"],
  ["clusterCores", "cores of nats-server, 3 replicas"],
  ["streams", "streams (partitions)"],
  ["httpInMbit", "HTTP in, Mbit/s"],
  ["httpOutMbit", "HTTP out, Mbit/s"],
  ["publishMbit", "to NATS, Mbit/s"],
  ["diskMbPerSecond", "disk of each replica, MB/s"],
  ["diskGbPerDay", "disk of each replica, GB a day"],
  ["windowMb", "duplicate window, MB of memory"],
  ["spoolGbPerHour", "spool, GB for an hour without NATS"],
];

const folder = mkdtempSync(join(tmpdir(), "pixelgate-sizing-"));
try {
  const costs = await measureCosts(folder, { seconds, warmUpSeconds: flags.smoke ? 1 : 4 });
  console.log(`${describeMachine()}\nthe mix with a browser's headers, one destination, ${seconds} s each\n`);
  const rows: [string, number][] = [
    ["gateway, CPU µs", costs.gatewayUs],
    [`gateway, ${PARTITIONS} partitions, CPU µs`, costs.partitioned.gatewayUs],
    ["gateway into the spool, CPU µs", costs.spoolUs],
    ["nats-server, 1 replica, CPU µs", costs.natsUs],
    [`nats-server, ${PARTITIONS} partitions, CPU µs`, costs.partitioned.natsUs],
    ["nats-server, 3 replicas together, CPU µs", costs.clusterUs],
    ["HTTP request, bytes", costs.requestBytes],
    ["HTTP answer, bytes", costs.replyBytes],
    ["to NATS, bytes", costs.publishBytes],
    ["from NATS, bytes", costs.ackBytes],
    ["on a stream's disk, bytes", costs.streamBytes],
    ["on the spool's disk, bytes", costs.spoolBytes],
    ["gateway, MB of memory in all", costs.gatewayBytes / 1e6],
  ];
  console.log("one event");
  for (const [name, value] of rows) console.log(`  ${name.padEnd(42)}${digits(value).padStart(10)}`);
  const needs = RATES.map((rate) => needsOf(rate, costs));
  console.log(`\n${"events a second".padEnd(44)}${RATES.map((rate) => digits(rate).padStart(11)).join("")}`);
  for (const [key, name] of NEEDS) {
    console.log(`  ${name.padEnd(42)}${needs.map((need) => digits(need[key]).padStart(11)).join("")}`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
