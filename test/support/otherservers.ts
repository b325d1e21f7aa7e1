// Ends `bun run test`: the tests of delivery once more against each further nats-server that NATS_SERVERS names. The run
// before this one has used the first.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { findNatsServers, natsVersion } from "./natsbinaries.ts";

const ROOT = join(import.meta.dirname, "../..");
/** What a nats-server decides; the spool under delivery knows none, and comes along. */
const TESTS = ["test/delivery", "test/faults", "test/cli/tail.test.ts", "test/deploy/cluster.test.ts"];

const [, ...others] = findNatsServers();
for (const path of others) {
  console.log(`\nThe tests of delivery against nats-server ${natsVersion(path)}, ${path}`);
  const { status } = spawnSync(process.execPath, ["test", "--dots", "--timeout", "60000", ...TESTS], {
    cwd: ROOT,
    env: { ...process.env, NATS_SERVERS: path },
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
