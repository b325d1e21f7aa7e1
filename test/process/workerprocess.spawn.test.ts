// Workers that cannot be started any more, because the program's file has been replaced: with a copy of the real one.
import { expect, test } from "bun:test";
import { copyFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { childrenOf } from "../bench/process.ts";
import { COMMANDS, linesOf } from "../support/gatewayprocess.ts";
import { putAwayAfterEach, temporaryFolder } from "../support/parts.ts";
import { until } from "../support/until.ts";
import { send, startWorkers } from "../support/workers.ts";

putAwayAfterEach();

test("supervise goes on when its program has been replaced: tells it, tries again, and ends at once when told to", async () => {
  const program = join(temporaryFolder(), "program");
  copyFileSync(process.execPath, program);
  const gateway = await startWorkers(2, { command: [program, ...COMMANDS.bun.slice(1)] });
  const ask = async (path: string) => {
    const response = await fetch(`${gateway.adminUrl}${path}`);
    return [response.status, await response.text()];
  };
  const kill = () => {
    for (const pid of childrenOf(gateway.pid)) process.kill(pid, "SIGKILL");
  };
  expect(await ask("/livez")).toEqual([200, "OK"]);
  renameSync(program, `${program}.old`);
  writeFileSync(program, "no program\n", { mode: 0o755 });
  kill();
  const failures = () =>
    linesOf(gateway, "a worker ended and is started again").filter(({ error }) => error !== undefined);
  await until("both have failed to start", () => failures().length >= 2);
  expect(await ask("/livez")).toEqual([503, "no worker is running"]);
  expect(await ask("/readyz")).toEqual([503, "no worker is running"]);
  expect(linesOf(gateway, "no worker is running: no request is taken until one is")).toHaveLength(1);
  expect(gateway.output()).not.toMatch(/^\s+at /m);

  renameSync(`${program}.old`, program);
  await until("both run again", () => linesOf(gateway, "a worker runs again").length === 2);
  expect(await ask("/readyz")).toEqual([200, "OK"]);
  expect(await send(gateway, "again")).toBe(200);

  renameSync(program, `${program}.old`);
  kill();
  await until("one has failed once more", () => failures().length >= 3);
  expect(await gateway.stop("SIGTERM")).toBe(0);
});
