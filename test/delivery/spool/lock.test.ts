import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { renameSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { SpoolError } from "../../../src/delivery/spool/fault.ts";
import { lockFolder } from "../../../src/delivery/spool/lock.ts";
import { COMMANDS } from "../../support/gatewayprocess.ts";
import { afterTest, putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { fillDisk, mountDisk } from "../../support/smalldisk.ts";
import { whyNoMounts } from "../../support/system.ts";
import { unless } from "../../support/unless.ts";

putAwayAfterEach();

const LOCK = join(import.meta.dirname, "../../../src/delivery/spool/lock.ts");

/** Starts a process that locks a folder and lives on; resolves with its pid once it has the lock. */
async function startHolder(
  dataDir: string,
  runtime: "bun" | "deno" = "bun",
): Promise<{ pid: number; kill(): Promise<void> }> {
  const script = `
    import { lockFolder } from ${JSON.stringify(LOCK)};
    lockFolder(${JSON.stringify(dataDir)}, "the gateway");
    console.log("locked");
    setInterval(() => {}, 1000);
  `;
  const [program = ""] = COMMANDS[runtime];
  const words = runtime === "bun" ? ["-e", script] : ["eval", "--ext=ts", script];
  const child = spawn(program, words, { stdio: ["ignore", "pipe", "ignore"] });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const kill = async () => {
    child.kill("SIGKILL");
    await gone;
  };
  afterTest(kill);
  await new Promise<void>((resolve, reject) => {
    child.stdout.once("data", () => resolve());
    gone.then(() => reject(new Error("Cannot start a holder: it has ended")));
  });
  return { pid: child.pid ?? 0, kill };
}

function refusalOf(dataDir: string): string {
  try {
    lockFolder(dataDir, "a test")?.release();
    return "";
  } catch (error) {
    if (!(error instanceof SpoolError)) throw error;
    return error.message;
  }
}

for (const runtime of ["bun", "deno"] as const) {
  test(`lockFolder says who holds it, and takes it when a holder on ${runtime} was killed`, async () => {
    const dataDir = temporaryFolder();
    const before = new Date().toISOString();
    const holder = await startHolder(dataDir, runtime);
    const [, text = "", since = ""] = /^(.*) holds it since (\S+)$/.exec(refusalOf(dataDir)) ?? [];
    expect(text).toBe(
      `Cannot use the data directory "${dataDir}": the gateway with pid ${holder.pid} on host ${hostname()}`,
    );
    expect(since >= before && since <= new Date().toISOString()).toBe(true);
    await holder.kill();
    expect(refusalOf(dataDir)).toBe("");
  });
}

test("lockFolder gives one of many that start at once the lock", async () => {
  const dataDir = temporaryFolder();
  const starts = Array.from({ length: 6 }, () =>
    startHolder(dataDir).then(
      () => true,
      () => false,
    ),
  );
  expect((await Promise.all(starts)).filter((isHolder) => isHolder)).toEqual([true]);
}, 20_000);

test("lockFolder gives the lock back when it is released", () => {
  const dataDir = temporaryFolder();
  const lock = lockFolder(dataDir, "a test");
  // Its own row says nothing to the process that wrote it.
  expect(refusalOf(dataDir)).toBe(`Cannot use the data directory "${dataDir}": another process holds it`);
  lock?.release();
  lock?.release();
  expect(refusalOf(dataDir)).toBe("");
});

test("lockFolder begins a lock file anew that is no database", () => {
  const dataDir = temporaryFolder();
  writeFileSync(join(dataDir, "gateway.lock"), "x".repeat(5000));
  const lock = lockFolder(dataDir, "a test");
  expect(refusalOf(dataDir)).toContain("another process holds it");
  lock?.release();
  expect(statSync(join(dataDir, "gateway.lock")).mode & 0o777).toBe(0o600);
});

test("lockFolder says what is wrong with a folder that cannot be used", () => {
  const dataDir = temporaryFolder();
  const file = join(dataDir, "file");
  writeFileSync(file, "");
  expect(refusalOf(file)).toBe(`Cannot use the data directory "${file}": it is not a directory`);
});

const withMounts = unless(whyNoMounts());

withMounts.test("lockFolder locks on a full disk, where it cannot say who it is", async () => {
  const dataDir = temporaryFolder();
  mountDisk(dataDir, "size=64k");
  fillDisk(dataDir);
  const holder = await startHolder(dataDir);
  expect(refusalOf(dataDir)).toBe(`Cannot use the data directory "${dataDir}": another process holds it`);
  await holder.kill();
  expect(refusalOf(dataDir)).toBe("");
});

withMounts.test("lockFolder locks nothing where there is no room for a file", () => {
  const dataDir = temporaryFolder();
  mountDisk(dataDir, "size=64k,nr_inodes=1");
  expect(lockFolder(dataDir, "a test")).toBe(null);
});

test("isThere is false once the file of a lock is gone, or another one", () => {
  const dataDir = temporaryFolder();
  const path = join(dataDir, "gateway.lock");
  const lock = lockFolder(dataDir, "a test");
  expect(lock?.isThere()).toBe(true);
  renameSync(path, `${path}.old`);
  expect(lock?.isThere()).toBe(false);
  const other = lockFolder(dataDir, "another");
  expect([lock?.isThere(), other?.isThere()]).toEqual([false, true]);
  lock?.release();
  other?.release();
});
