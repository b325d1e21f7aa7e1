// A gateway that `bun run start` has started, as an operator runs it; the runner is killed for real.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { childrenOf } from "../bench/process.ts";
import { ROOT } from "../contract/tree.ts";
import { COMMANDS, type Gateway, linesOf, startGateway } from "../support/gatewayprocess.ts";
import { until } from "../support/until.ts";
import { isAlive } from "../support/workers.ts";

/** A copy of the program whose `prestart` installs nothing: other tests use the same packages at the same time. */
let copy = "";
beforeAll(async () => {
  copy = mkdtempSync(join(tmpdir(), "pixelgate-script-"));
  cpSync(join(ROOT, "src"), join(copy, "src"), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  const manifest = await Bun.file(join(ROOT, "package.json")).json();
  const { start } = manifest.scripts;
  await Bun.write(join(copy, "package.json"), JSON.stringify({ ...manifest, scripts: { start } }));
});
afterAll(() => rmSync(copy, { recursive: true }));

const RUN = `exec '${process.execPath}' run start`;

/** Starts the gateway by a shell's words; its own pid is the last of the chain below. */
async function startBy(words: string): Promise<{ gateway: Gateway; pid: number }> {
  const gateway = await startGateway({ command: ["sh", "-c", words], cwd: copy });
  let pid = gateway.pid;
  for (let [child] = childrenOf(pid); child !== undefined; [child] = childrenOf(pid)) pid = child;
  return { gateway, pid };
}

describe("a gateway that bun run start has started", () => {
  test.concurrent("stops as by a signal when its runner is killed", async () => {
    const { gateway, pid } = await startBy(RUN);
    expect(pid).not.toBe(gateway.pid);
    await gateway.stop("SIGKILL");
    await until("it is gone", () => !isAlive(pid));
    const [line] = linesOf(gateway, "stopping");
    expect(line?.signal).toBe("what started it is gone");
    expect(linesOf(gateway, "stopped")).toHaveLength(1);
  });

  test.concurrent("stops when its runner gets SIGTERM", async () => {
    const { gateway, pid } = await startBy(RUN);
    await gateway.stop("SIGTERM");
    await until("it is gone", () => !isAlive(pid));
  });

  test.concurrent("lives on under nohup, when its terminal is closed", async () => {
    const { gateway, pid } = await startBy(RUN.replace("exec", "exec nohup"));
    for (const each of [gateway.pid, pid]) process.kill(each, "SIGHUP");
    await expectItLives(gateway, pid);
  });
});

test.concurrent("a gateway that no script has started lives on when its parent is gone", async () => {
  const [program, main] = COMMANDS.bun;
  const { gateway, pid } = await startBy(`'${program}' '${main}'; true`);
  expect(pid).not.toBe(gateway.pid);
  await gateway.stop("SIGKILL");
  await expectItLives(gateway, pid);
});

/** Still answers, longer after its parent's end than it looks for that; then it is stopped. */
async function expectItLives(gateway: Gateway, pid: number): Promise<void> {
  try {
    await Bun.sleep(1200);
    expect((await fetch(`${gateway.url}/pixel/v1/page?writeKey=demo`)).status).toBe(200);
    expect(linesOf(gateway, "stopping")).toEqual([]);
  } finally {
    process.kill(pid, "SIGTERM");
  }
  await until("it is gone", () => !isAlive(pid));
}
