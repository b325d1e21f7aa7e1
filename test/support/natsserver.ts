// Real nats-server processes for tests and benches: each on free ports, with a store directory of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";
import { freePort } from "./freeport.ts";
import { findNatsServer } from "./natsbinaries.ts";
import { until } from "./until.ts";

export interface NatsOptions {
  /** Defaults to a free port; the port stays the same over restarts. */
  readonly port?: number;
  /** More lines of the server's configuration. */
  readonly config?: string;
  /** Its JetStream domain. */
  readonly domain?: string;
  /** It waits for TLS before it greets: that it listens is enough. */
  readonly isTlsFirst?: boolean;
  /** The program; default: the first of NATS_SERVERS, else the one of this machine. */
  readonly binary?: string | undefined;
}

/** A nats-server with JetStream that can be killed, frozen and started again on its store. */
export interface NatsServer {
  readonly url: string;
  readonly port: number;
  readonly storeDir: string;
  /** Process id, 0 while it does not run. */
  readonly pid: number;
  /** Starts it again on the same port and store, from now on with the program if one is given; resolves when it takes connections. */
  start(binary?: string): Promise<void>;
  /** Has it go on with other lines of configuration, its connections open; resolves when it does. */
  reload(config: string): Promise<void>;
  /** Ends it with a signal, SIGKILL by default; resolves when it is gone. */
  kill(signal?: "SIGKILL" | "SIGTERM" | "SIGUSR2"): Promise<void>;
  freeze(): void;
  thaw(): void;
  /** Ends it and deletes its store. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 15_000;
const START_TRIES = 3;
const CLUSTER_MS = 60_000;
/** As short as it may be: how long a server takes leave that is told to with SIGUSR2. */
const LAME_DUCK = 'lame_duck_grace_period: "1s", lame_duck_duration: "30s"';

/** Starts one server with JetStream; where it chose the port itself, on another one if somebody took that meanwhile. */
export async function startNats(options: NatsOptions = {}): Promise<NatsServer> {
  for (let tries = 1; ; tries++) {
    const server = await createNats(options);
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.stop();
      const isTaken = error instanceof Error && error.message.includes("address already in use");
      if (!isTaken || options.port !== undefined || tries === START_TRIES) throw error;
    }
  }
}

/** Prepares a server that is not started yet, so that its port is known before it is there. */
export async function createNats(options: NatsOptions = {}): Promise<NatsServer> {
  const port = options.port ?? (await freePort());
  return createServerAt(port, options);
}

/** One of a cluster. */
export interface ClusterServer extends NatsServer {
  /** Whether it has caught up on all that it keeps, by its own word. */
  isHealthy(): Promise<boolean>;
}

/** Resolves when every one has caught up: before that another must not go. */
export function untilHealthy(servers: readonly ClusterServer[]): Promise<void> {
  const isSo = async () => (await Promise.all(servers.map((server) => server.isHealthy()))).every(Boolean);
  return until("every server of the cluster has caught up", isSo, CLUSTER_MS);
}

/** Starts a cluster of servers that know each other; resolves when all have a leader for JetStream. */
export async function startCluster(size = 3, binary?: string, config = ""): Promise<ClusterServer[]> {
  const ports: number[] = [];
  for (let index = 0; index < size * 3; index++) ports.push(await freePort());
  const routes = ports.slice(size, size * 2).map((port) => `nats-route://127.0.0.1:${port}`);
  const servers = ports.slice(0, size).map((port, index) => {
    const cluster = `cluster { name: test, listen: "127.0.0.1:${ports[size + index]}", routes: ${JSON.stringify(routes)} }`;
    const monitor = `127.0.0.1:${ports[size * 2 + index]}`;
    const lines = [`server_name: "n${index + 1}"`, `http: "${monitor}"`, LAME_DUCK, cluster, config];
    const server = createServerAt(port, { binary, config: lines.join("\n") });
    const isHealthy = () =>
      fetch(`http://${monitor}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      );
    return Object.assign(server, { isHealthy });
  });
  await Promise.all(servers.map((server) => server.start()));
  await untilHealthy(servers);
  return servers;
}

function createServerAt(port: number, options: Omit<NatsOptions, "port">): NatsServer {
  const { config = "", isTlsFirst = false, domain } = options;
  let { binary = findNatsServer() } = options;
  const folder = mkdtempSync(join(tmpdir(), "pixelgate-nats-"));
  const storeDir = join(folder, "store");
  const file = join(folder, "server.conf");
  const jetstream = `jetstream { store_dir: "${storeDir}"${domain === undefined ? "" : `, domain: ${domain}`} }`;
  const write = (lines: string) =>
    writeFileSync(file, `listen: "127.0.0.1:${port}"\n${jetstream}\n${lines}\n`);
  write(config);
  let child: ChildProcess | null = null;
  let output = "";

  const server: NatsServer = {
    url: `nats://127.0.0.1:${port}`,
    port,
    storeDir,
    get pid() {
      return child?.pid ?? 0;
    },
    start: async (other = binary) => {
      if (child !== null) return;
      binary = other;
      const started = spawn(binary, ["-c", file], { stdio: ["ignore", "ignore", "pipe"] });
      child = started;
      output = "";
      started.stderr?.on("data", (chunk) => {
        output = (output + chunk).slice(-4000);
      });
      started.once("exit", () => {
        if (child === started) child = null;
      });
      const deadline = Date.now() + START_TIMEOUT_MS;
      while (!(await greets(port, isTlsFirst))) {
        if (child === null) throw new Error(`Cannot start nats-server on port ${port}: ${output}`);
        if (Date.now() > deadline) throw new Error(`Cannot start nats-server: no greeting: ${output}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    reload: async (lines) => {
      write(lines);
      output = "";
      child?.kill("SIGHUP");
      const answer = /Reloaded server configuration|Failed to reload.*/;
      await until("nats-server has read its configuration again", () => answer.test(output));
      if (!output.includes("Reloaded server configuration")) throw new Error(`Cannot reload: ${output}`);
    },
    kill: async (signal = "SIGKILL") => {
      const running = child;
      if (running === null) return;
      const gone = new Promise<void>((resolve) => running.once("exit", () => resolve()));
      running.kill(signal);
      // A frozen process acts on SIGKILL alone.
      if (signal !== "SIGKILL") running.kill("SIGCONT");
      await gone;
      child = null;
    },
    freeze: () => {
      child?.kill("SIGSTOP");
      // The signal is on its way: until every thread has stopped the server may still answer.
      while (child?.exitCode === null && !isStopped(child.pid)) Bun.sleepSync(1);
    },
    thaw: () => {
      child?.kill("SIGCONT");
    },
    stop: async () => {
      await server.kill();
      living.delete(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  living.add(server);
  return server;
}

function greets(port: number, isTlsFirst: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket(port, "127.0.0.1");
    const finish = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.setTimeout(1000, () => finish(false));
    socket.once(isTlsFirst ? "connect" : "data", () => finish(true));
    socket.once("error", () => finish(false));
    socket.once("close", () => finish(false));
  });
}

/** A test that fails midway leaves no server behind. */
const living = new Set<NatsServer>();
process.on("exit", () => {
  for (const { pid } of living) {
    try {
      if (pid !== 0) process.kill(pid, "SIGKILL");
    } catch {
      // It is gone already.
    }
  }
});

/** Does it again while it fails, for 20 seconds: a cluster without a leader answers nothing. */
export async function patiently<T>(act: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 20_000;
  while (true) {
    try {
      return await act();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** Does something to the streams with full rights. */
export function administer<T>(url: string, act: (manager: JetStreamManager) => Promise<T>): Promise<T> {
  return patiently(async () => {
    const connection = await connect({ servers: url.split(","), timeout: 3000 });
    try {
      return await act(await jetstreamManager(connection));
    } finally {
      await connection.close();
    }
  });
}

/** Whether all threads of a process stand still, as Linux tells. */
function isStopped(pid: number | undefined): boolean {
  const threads = `/proc/${pid}/task`;
  return readdirSync(threads).every((id) => {
    const stat = readFileSync(join(threads, id, "stat"), "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
  });
}
