// Several processes on one port, as an operator runs them: real workers, killed for real.
import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSpool } from "../../src/delivery/spool/reader.ts";
import { childrenOf } from "../bench/process.ts";
import {
  COMMANDS,
  type Gateway,
  type GatewayOptions,
  runCommand,
  startGateway,
} from "../support/gatewayprocess.ts";
import { createNats, type NatsServer, startNats } from "../support/natsserver.ts";
import { countIds, readStream } from "../support/parts.ts";
import { until } from "../support/until.ts";

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "pixelgate-workers-"));
  cleanUps.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function start(workers: number, options: GatewayOptions = {}): Promise<Gateway> {
  const env = { PIXELGATE_WORKERS: String(workers), ...options.env };
  const gateway = await startGateway({ dataDir: newFolder(), ...options, env });
  cleanUps.push(() => gateway.stop());
  return gateway;
}

async function withNats(starting: Promise<NatsServer>): Promise<NatsServer> {
  const nats = await starting;
  cleanUps.push(() => nats.stop());
  return nats;
}

/** Sends a page view on a connection of its own, so that any worker may get it; its status, 0 when there is no answer. */
async function send({ url }: Gateway, id: string): Promise<number> {
  try {
    const target = `${url}/pixel/v1/page?writeKey=demo&anonymousId=a&messageId=${id}`;
    const { status } = await fetch(target, { headers: { Connection: "close" } });
    return status;
  } catch {
    return 0;
  }
}

async function sendMany(gateway: Gateway, ids: readonly string[]): Promise<string[]> {
  const answered: string[] = [];
  for (let from = 0; from < ids.length; from += 20) {
    const some = ids.slice(from, from + 20);
    const statuses = await Promise.all(some.map((id) => send(gateway, id)));
    answered.push(...some.filter((_id, index) => statuses[index] === 200));
  }
  return answered;
}

const namesOf = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Kills the oldest worker and waits until another one takes events in its place. */
async function killWorker(gateway: Gateway): Promise<void> {
  const before = childrenOf(gateway.pid);
  const [victim = 0] = before;
  process.kill(victim, "SIGKILL");
  await until("another worker runs", async () => {
    const now = childrenOf(gateway.pid);
    return !now.includes(victim) && (await sumOf(gateway, "pixelgate_nats_state")) === before.length;
  });
}

/** The sum of a metric over its labels. */
async function sumOf({ adminUrl }: Gateway, name: string): Promise<number> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const lines = text.matchAll(new RegExp(`^${name}\\{[^}]*\\} (\\d+)`, "gm"));
  return [...lines].reduce((sum, [, value]) => sum + Number(value), 0);
}

const acceptedTotal = (gateway: Gateway) => sumOf(gateway, "pixelgate_accepted_total");

/** The message ids in the events of the stream, each with how often it is there. */
async function storedIds(url: string): Promise<string[]> {
  const messages = await readStream(url);
  for (const [id, times] of countIds(messages)) expect([id, times]).toEqual([id, 1]);
  return messages.map(({ payload }) => String(JSON.parse(payload).messageId)).toSorted();
}

test("supervise runs workers that share the port, each with a spool of its own", async () => {
  const gateway = await start(3);
  expect(childrenOf(gateway.pid)).toHaveLength(3);
  const ids = namesOf("e", 200);
  expect(await sendMany(gateway, ids)).toEqual(ids);
  const counts = ["spool.db", "spool-1.db", "spool-2.db"].map(
    (name) => readSpool(gateway.dataDir, { afterSeq: 0, limit: 1000, name }).length,
  );
  expect(Math.min(...counts)).toBeGreaterThan(0);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(200);
});

test("supervise starts a killed worker again, and nothing that was answered is lost or stored twice", async () => {
  const nats = await withNats(createNats());
  const gateway = await start(2, { env: { NATS_URL: nats.url } });
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

test("supervise never lets a total go back when a worker dies", async () => {
  const gateway = await start(2);
  await sendMany(gateway, namesOf("before", 100));
  expect(await acceptedTotal(gateway)).toBe(100);
  await killWorker(gateway);
  expect(await acceptedTotal(gateway)).toBe(100);
  const ids = namesOf("after", 50);
  // The port of the killed worker is gone with it; the others take every connection.
  expect(await sendMany(gateway, ids)).toEqual(ids);
  await until("the new events are counted", async () => (await acceptedTotal(gateway)) === 150);
});

test("supervise passes SIGHUP on to each worker", async () => {
  const folder = newFolder();
  const file = join(folder, "pixelgate.json");
  const content = {
    sources: [{ id: "blog", writeKey: "demo", destinations: ["a"] }],
    destinations: [{ id: "a" }],
  };
  writeFileSync(file, JSON.stringify(content));
  const gateway = await start(2, { env: { PIXELGATE_CONFIG: file } });
  process.kill(gateway.pid, "SIGHUP");
  await until("all three have reloaded", () => gateway.output().split("configuration reloaded").length === 4);
  expect(await send(gateway, "after")).toBe(200);
});

test("supervise ends all workers on SIGTERM, and then itself with exit code 0", async () => {
  const gateway = await start(2);
  const workers = childrenOf(gateway.pid);
  expect(await gateway.stop("SIGTERM")).toBe(0);
  expect(workers).toHaveLength(2);
  expect(workers.filter(isAlive)).toEqual([]);
});

test("work ends by itself when the supervisor is killed", async () => {
  const gateway = await start(2);
  const workers = childrenOf(gateway.pid);
  expect(await gateway.stop("SIGKILL")).toBeNull();
  await until("no worker runs", () => !workers.some(isAlive));
});

test("serve refuses several workers on Deno with one line and exit code 2", async () => {
  const env = { PIXELGATE_WORKERS: "2", PIXELGATE_DATA_DIR: newFolder(), PORT: "0", ADMIN_PORT: "0" };
  const { code, stderr } = await runCommand([], env, COMMANDS.deno);
  expect(stderr).toMatch(/^Cannot run 2 workers: on Deno [\d.]+ processes cannot share a port\n$/);
  expect(code).toBe(2);
});

test("serve drains the spools of the workers that were there before", async () => {
  const nats = await withNats(startNats());
  const dataDir = newFolder();
  const former = await start(3, { dataDir });
  const ids = namesOf("e", 100);
  expect(await sendMany(former, ids)).toEqual(ids);
  await former.stop();
  expect(existsSync(join(dataDir, "spool-2.db"))).toBe(true);
  await start(1, { dataDir, env: { NATS_URL: nats.url } });
  await until(
    "one spool is left",
    () => readdirSync(dataDir).filter((name) => name.endsWith(".db")).length === 1,
  );
  await until("every event is in the stream", async () => (await storedIds(nats.url)).length === ids.length);
  expect(await storedIds(nats.url)).toEqual(ids.toSorted());
});
