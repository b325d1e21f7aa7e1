// The life of workers, as an operator sees it: several real processes on one port, killed for real.
import { expect, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { childrenOf } from "../bench/process.ts";
import { COMMANDS, runCommand } from "../support/gatewayprocess.ts";
import { createNats, type NatsServer, startNats } from "../support/natsserver.ts";
import { afterTest, countIds, putAwayAfterEach, readStream, temporaryFolder } from "../support/parts.ts";
import { until } from "../support/until.ts";
import { isAlive, killWorker, namesOf, send, sendMany, spooledBy, startWorkers } from "../support/workers.ts";

putAwayAfterEach();

async function withNats(starting: Promise<NatsServer>): Promise<NatsServer> {
  const nats = await starting;
  afterTest(() => nats.stop());
  return nats;
}

/** The message ids in the events of the stream, each with how often it is there. */
async function storedIds(url: string): Promise<string[]> {
  const messages = await readStream(url);
  for (const [id, times] of countIds(messages)) expect([id, times]).toEqual([id, 1]);
  return messages.map(({ payload }) => String(JSON.parse(payload).messageId)).toSorted();
}

test("supervise runs workers that share the port, each with a spool of its own", async () => {
  const gateway = await startWorkers(3);
  expect(childrenOf(gateway.pid)).toHaveLength(3);
  const ids = namesOf("e", 200);
  expect(await sendMany(gateway, ids)).toEqual(ids);
  const counts = [0, 1, 2].map((index) => spooledBy(gateway, index).length);
  expect(Math.min(...counts)).toBeGreaterThan(0);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(200);
});

test("supervise starts a killed worker again, and nothing that was answered is lost or stored twice", async () => {
  const nats = await withNats(createNats());
  const gateway = await startWorkers(2, { env: { NATS_URL: nats.url } });
  const spooled = await sendMany(gateway, namesOf("spooled", 100));
  await killWorker(gateway);
  await killWorker(gateway);
  await nats.start();
  // While one is killed, requests go on.
  const sending = sendMany(gateway, namesOf("beside", 400));
  await killWorker(gateway);
  const beside = await sending;
  expect(spooled).toHaveLength(100);
  expect(beside.length).toBeGreaterThan(0);
  await until("every answered event is in the stream", async () => {
    const stored = new Set(await storedIds(nats.url));
    return [...spooled, ...beside].every((id) => stored.has(id));
  });
  expect(gateway.output()).toContain("a worker ended and is started again");
});

test("supervise passes SIGHUP on to each worker", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "pixelgate.json");
  const content = {
    sources: [{ id: "blog", writeKey: "demo", destinations: ["a"] }],
    destinations: [{ id: "a" }],
  };
  writeFileSync(file, JSON.stringify(content));
  const gateway = await startWorkers(2, { env: { PIXELGATE_CONFIG: file } });
  process.kill(gateway.pid, "SIGHUP");
  await until("all three have reloaded", () => gateway.output().split("configuration reloaded").length === 4);
  expect(await send(gateway, "after")).toBe(200);
});

test("supervise ends all workers on SIGTERM, and then itself with exit code 0", async () => {
  const gateway = await startWorkers(2);
  const workers = childrenOf(gateway.pid);
  expect(await gateway.stop("SIGTERM")).toBe(0);
  expect(workers).toHaveLength(2);
  expect(workers.filter(isAlive)).toEqual([]);
});

test("supervise ends a worker that does not end by itself with SIGKILL, and then itself with exit code 0", async () => {
  const gateway = await startWorkers(2, { env: { SHUTDOWN_TIMEOUT_MS: "0" } });
  const workers = childrenOf(gateway.pid);
  const [frozen = 0] = workers;
  // It neither hears the signal nor that its supervisor is gone: only SIGKILL ends it.
  process.kill(frozen, "SIGSTOP");
  afterTest(() => isAlive(frozen) && process.kill(frozen, "SIGKILL"));
  expect(await gateway.stop("SIGTERM")).toBe(0);
  expect(workers.filter(isAlive)).toEqual([]);
});

test("work ends by itself when the supervisor is killed", async () => {
  const gateway = await startWorkers(2);
  const workers = childrenOf(gateway.pid);
  expect(await gateway.stop("SIGKILL")).toBeNull();
  await until("no worker runs", () => !workers.some(isAlive));
});

test("serve refuses several workers on Deno with one line and exit code 2", async () => {
  const env = { PIXELGATE_WORKERS: "2", PIXELGATE_DATA_DIR: temporaryFolder(), PORT: "0", ADMIN_PORT: "0" };
  const { code, stderr } = await runCommand([], env, COMMANDS.deno);
  expect(stderr).toMatch(/^Cannot run 2 workers: on Deno [\d.]+ processes cannot share a port\n$/);
  expect(code).toBe(2);
});

test("serve drains the spools of the workers that were there before", async () => {
  const nats = await withNats(startNats());
  const dataDir = temporaryFolder();
  const former = await startWorkers(3, { dataDir });
  const ids = namesOf("e", 100);
  expect(await sendMany(former, ids)).toEqual(ids);
  await former.stop();
  expect(existsSync(join(dataDir, "spool-2.db"))).toBe(true);
  await startWorkers(1, { dataDir, env: { NATS_URL: nats.url } });
  await until(
    "one spool is left",
    () => readdirSync(dataDir).filter((name) => name.endsWith(".db")).length === 1,
  );
  await until("every event is in the stream", async () => (await storedIds(nats.url)).length === ids.length);
  expect(await storedIds(nats.url)).toEqual(ids.toSorted());
});
