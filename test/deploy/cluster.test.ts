import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";
import { freePort } from "../support/freeport.ts";
import { type Gateway, startGateway, untilNatsIsUp } from "../support/gatewayprocess.ts";
import { findNatsServer, whyTooOld } from "../support/natsbinaries.ts";
import { unless } from "../support/unless.ts";
import { until } from "../support/until.ts";
import { ROOT, readText, readYaml } from "./files.ts";

setDefaultTimeout(60_000);

const NAMES = ["nats-1", "nats-2", "nats-3"];
const SYNC = /^\s*sync_interval: "1s"$/m;
const { PATH = "" } = process.env;
const text = readText("deploy/nats/nats.conf");
const folder = mkdtempSync(join(tmpdir(), "pixelgate-cluster-"));

/** Why the server in use cannot read the file as it is; null when it can. */
const tooOld = whyTooOld("sync_interval", "2.10");
/** The file as the server in use can read it. */
const conf = tooOld === null ? text : text.replace(SYNC, "");

interface Node {
  readonly name: string;
  readonly url: string;
  readonly monitor: string;
  readonly process: ChildProcess;
}

const nodes: Node[] = [];
let gateway: Gateway;

async function isHealthy({ monitor }: Node): Promise<boolean> {
  try {
    // The question of the health check in compose.yaml.
    return (await fetch(`${monitor}/healthz?js-server-only=true`)).ok;
  } catch {
    return false;
  }
}

/** Starts the three nodes with the file of the deployment; addresses, names and folders are what containers would give. */
async function startNodes(): Promise<void> {
  const ports: number[] = [];
  for (const _ of [...NAMES, ...NAMES, ...NAMES]) ports.push(await freePort());
  const routes = ports.slice(6).map((port) => `nats://127.0.0.1:${port}`);
  for (const [index, name] of NAMES.entries()) {
    const file = join(folder, `${name}.conf`);
    writeFileSync(file, conf.replace('"/data"', JSON.stringify(join(folder, name))));
    const [port, monitor] = [ports[index], ports[index + 3]];
    const args = ["-c", file, "-a", "127.0.0.1", "-p", `${port}`, "-m", `${monitor}`];
    const child = spawn(
      findNatsServer(),
      [...args, "--cluster", routes[index] ?? "", "--routes", routes.join(",")],
      { env: { PATH, NATS_NAME: name }, stdio: "ignore" },
    );
    nodes.push({
      name,
      url: `nats://127.0.0.1:${port}`,
      monitor: `http://127.0.0.1:${monitor}`,
      process: child,
    });
  }
  for (const node of nodes) await until(`${node.name} is healthy`, () => isHealthy(node));
}

/** The environment that compose.yaml gives the gateway, with this test's addresses. */
function environmentOf(): Record<string, string> {
  const [compose] = readYaml("compose.yaml") as [
    { services: { gateway: { environment: Record<string, string> } } },
  ];
  // As compose gives it to whoever has set nothing: `${NAME:-default}` is the default.
  const given = Object.entries(compose.services.gateway.environment).map(([name, value]) => [
    name,
    String(value).replace(/\$\{\w+:-([^}]*)\}/g, "$1"),
  ]);
  return {
    ...Object.fromEntries(given),
    ADMIN_HOST: "127.0.0.1",
    NATS_URL: nodes.map(({ url }) => url).join(","),
    PIXELGATE_CONFIG: join(ROOT, "deploy/pixelgate/pixelgate.json"),
  };
}

beforeAll(async () => {
  await startNodes();
  gateway = await startGateway({ env: environmentOf() });
  await untilNatsIsUp(gateway);
});

afterAll(async () => {
  await gateway?.stop();
  for (const { process } of nodes) {
    const ended = new Promise((resolve) => process.once("exit", resolve));
    if (process.exitCode === null && process.signalCode === null) {
      process.kill("SIGKILL");
      await ended;
    }
  }
  rmSync(folder, { recursive: true, force: true });
});

/** Sends one event and returns the status of the answer. */
async function send(name: string): Promise<number> {
  const response = await fetch(`${gateway.url}/pixel/v1/track?writeKey=demo&event=${name}`);
  return response.status;
}

/** The subjects of every message of the stream, and how many copies of it there shall be and are current. */
async function readStream(url: string) {
  const connection = await connect({ servers: url });
  try {
    const manager = await jetstreamManager(connection, { checkAPI: false });
    const info = await manager.streams.info("PIXEL", { subjects_filter: ">" });
    return {
      subjects: info.state.subjects ?? {},
      replicas: info.config.num_replicas,
      current: info.cluster?.replicas?.filter(({ current }) => current).length ?? 0,
    };
  } finally {
    await connection.close();
  }
}

/** What nats-server says of a configuration file that it only checks, and its exit code. */
function check(content: string, env: Record<string, string>) {
  const file = join(folder, "check.conf");
  writeFileSync(file, content);
  return spawnSync(findNatsServer(), ["-t", "-c", file], { env: { PATH, ...env }, encoding: "utf8" });
}

const VALID = { status: 0, stderr: expect.stringContaining("is valid") };

test("nats.conf without its sync_interval is valid to nats-server", () => {
  const rest = text.replace(SYNC, "");
  expect(rest).not.toBe(text);
  expect(check(rest, { NATS_NAME: "nats-1" })).toMatchObject(VALID);
  // The check is one that can fail: without the variable there is no name.
  expect(check(rest, {}).status).not.toBe(0);
});

unless(tooOld).test("nats.conf is valid to nats-server, sync_interval included", () => {
  expect(check(text, { NATS_NAME: "nats-1" })).toMatchObject(VALID);
});

test("compose.yaml's gateway makes a stream of three replicas on compose.yaml's cluster, and publishes to it", async () => {
  expect(await send("first")).toBe(200);
  const [first] = nodes;
  await until("two followers have the event", async () => {
    const stream = await readStream(first?.url ?? "");
    return stream.current === 2 && stream.subjects["pixel.alerts.track"] === 1;
  });
  const { subjects, replicas } = await readStream(first?.url ?? "");
  expect(subjects).toEqual({ "pixel.warehouse.track": 1, "pixel.alerts.track": 1 });
  expect(replicas).toBe(3);
});

test("compose.yaml's gateway answers 200 when a node dies, and the stream has every event once", async () => {
  const [first, second] = nodes;
  first?.process.kill("SIGKILL");
  const statuses: number[] = [];
  for (let index = 0; index < 20; index++) statuses.push(await send(`after-${index}`));
  expect(statuses).toEqual(Array(20).fill(200));
  await until("every event is in the stream", async () => {
    const stream = await readStream(second?.url ?? "").catch(() => null);
    return stream?.subjects["pixel.warehouse.track"] === 21;
  });
  const { subjects } = await readStream(second?.url ?? "");
  expect(subjects).toEqual({ "pixel.warehouse.track": 21, "pixel.alerts.track": 21 });
});
