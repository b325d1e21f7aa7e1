// Two gateways on one data directory, as real processes.
import { expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { hostname } from "node:os";
import { COMMANDS, type Gateway, linesOf, runCommand, startGateway } from "../support/gatewayprocess.ts";
import { afterTest, putAwayAfterEach, temporaryFolder } from "../support/parts.ts";

putAwayAfterEach();

async function start(options: Parameters<typeof startGateway>[0]): Promise<Gateway> {
  const gateway = await startGateway(options);
  afterTest(() => gateway.stop("SIGKILL"));
  return gateway;
}

/** What a second gateway on the folder of one that runs says at its end, and its exit code. */
async function refusal({ env }: Gateway, command?: readonly string[]) {
  const { code, stderr } = await runCommand(["serve"], env, command);
  return { code, stderr: stderr.replace(/since \S+\n$/, "since …\n") };
}

function holds({ dataDir, pid }: Gateway) {
  const stderr = `Cannot use the data directory "${dataDir}": the gateway with pid ${pid} on host ${hostname()} holds it since …\n`;
  return { code: 1, stderr };
}

test("serve refuses a data directory that another gateway has, on either runtime, until that is killed", async () => {
  const dataDir = temporaryFolder();
  const first = await start({ dataDir });
  expect(await refusal(first)).toEqual(holds(first));
  expect(await refusal(first, COMMANDS.deno)).toEqual(holds(first));
  await first.stop("SIGKILL");
  const third = await start({ dataDir, command: COMMANDS.deno });
  expect(await refusal(third)).toEqual(holds(third));
  expect(await third.stop()).toBe(0);
  expect(await (await start({ dataDir })).stop()).toBe(0);
}, 60_000);

test("serve holds its data directory for its workers, who do not ask for it, and warns once of one that is open to others", async () => {
  const dataDir = temporaryFolder();
  chmodSync(dataDir, 0o755);
  const first = await start({ dataDir, env: { PIXELGATE_WORKERS: "2" } });
  expect(await refusal(first)).toEqual(holds(first));
  expect((await fetch(`${first.url}/pixel/v1/page?writeKey=demo&name=Hello`)).status).toBe(200);
  const warnings = linesOf(first, "others may look into the data directory");
  expect(warnings).toMatchObject([{ folder: dataDir, mode: "755" }]);
}, 60_000);
