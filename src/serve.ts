// The life of a gateway: wire it, listen, reload, drain. No rule of the Pixel API and none of delivery.
import type { AnyElysia } from "elysia";
import { createAdmin } from "./admin.ts";
import { createApp } from "./app.ts";
import type { Config } from "./config.ts";
import { createDelivery, type Delivery } from "./delivery/delivery.ts";
import { createExplain } from "./explain.ts";
import { createIntake } from "./intake.ts";
import { createLimiter } from "./limiter.ts";
import { createLive } from "./observe/live.ts";
import { createLog, type Log, reasonOf } from "./observe/log.ts";
import { createMetrics } from "./observe/metrics.ts";
import type { Observer } from "./observe/observer.ts";
import { createRefusalLog } from "./observe/refusals.ts";
import { watchSources } from "./reload.ts";
import { findRuntime, type Listener } from "./runtime/runtime.ts";
import type { Sources } from "./sources.ts";
import { VERSION } from "./version.ts";

/** Headers may be this much longer than the longest URL we answer ourselves with 414. */
const HEADER_ROOM_BYTES = 256 * 1024;

/** How long the last answers may take from our buffers to their readers. */
const FAREWELL_MS = 100;

/** Why a gateway cannot start, as one line for a person. */
export class StartError extends Error {}

/** Runs a gateway until it is told to stop; resolves with the exit code. */
export async function serve(config: Config, initial: Sources): Promise<number> {
  const startedMs = Date.now();
  const runtime = await findRuntime();
  const log = createLog(config.logLevel, process.stdout.isTTY === true);
  const onFault = (error: unknown) =>
    log.error("request failed by a fault of the gateway", { error: reasonOf(error) });
  const holder = { current: initial };
  const sources = () => holder.current;
  let isDraining = false;

  const live = createLive();
  const logRefusal = createRefusalLog(log);
  const delivery = openDelivery(config, log, (ackMs) => metrics.ack(ackMs / 1000));
  const metrics = createMetrics({
    version: VERSION,
    startedMs,
    sourceIds: () => Array.from(sources().values(), (source) => source.id),
    delivery: delivery.state,
  });
  const observer: Observer = {
    get isWatched() {
      return live.isWatched;
    },
    count(outcome, type, sourceId, reason, startedMs) {
      metrics.count(outcome, type, sourceId, reason, startedMs);
      if (outcome === "rejected" && reason !== null) logRefusal(reason, sourceId);
    },
    show: live.show,
  };

  const { maxUrlBytes, trustedProxies } = config;
  const app = createApp({
    intake: createIntake({
      maxUrlBytes,
      trustedProxies,
      sources,
      newId: () => crypto.randomUUID(),
      limiter: createLimiter(1),
    }),
    delivery,
    observer,
    clock: Date.now,
    peer: runtime.peer,
    onFault,
  });
  const admin = createAdmin({
    version: VERSION,
    startedMs,
    host: config.adminHost,
    isDraining: () => isDraining,
    delivery,
    metrics,
    live,
    sources,
    explain: createExplain({ ...config, sources }),
    publicPort: () => listener.port,
    clock: Date.now,
    onFault,
  });

  const open = (what: AnyElysia, host: string, port: number, maxHeaderBytes?: number): Listener => {
    try {
      return runtime.listen(what, {
        host,
        port,
        isShared: false,
        ...(maxHeaderBytes === undefined ? {} : { maxHeaderBytes }),
      });
    } catch (error) {
      throw new StartError(`Cannot listen on ${host}:${port}: ${listenFault(error)}`);
    }
  };
  const listener = open(app, config.host, config.port, maxUrlBytes + HEADER_ROOM_BYTES);
  const adminListener = open(admin, config.adminHost, config.adminPort);
  const reload = watchSources(config, holder, log);
  announce(config, holder.current, { port: listener.port, adminPort: adminListener.port }, runtime.name, log);

  return await untilStopped(async (signal) => {
    isDraining = true;
    log.info("stopping", { signal });
    reload.stop();
    await sleep(config.shutdownDelayMs);
    const deadline = Date.now() + config.shutdownTimeoutMs;
    const left = () => Math.max(0, deadline - Date.now());
    const stopped = listener.stop(false);
    while (delivery.state().inFlight > 0 && left() > 0) await sleep(5);
    await delivery.close(left());
    // The last answers are on their way through the sockets.
    await Promise.race([stopped, sleep(Math.min(FAREWELL_MS, left()))]);
    live.close();
    metrics.stop();
    log.info("stopped");
  });
}

function openDelivery(config: Config, log: Log, onAck: (ackMs: number) => void): Delivery {
  try {
    return createDelivery({ ...config, log, onAck });
  } catch (error) {
    throw new StartError(`Cannot open the spool in ${config.dataDir}: ${reasonOf(error)}`);
  }
}

function listenFault(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") return "the port is in use";
  if (code === "EACCES") return "permission denied: ports below 1024 need the right to take them";
  return reasonOf(error);
}

interface Ports {
  readonly port: number;
  readonly adminPort: number;
}

/** Says where the gateway is and how to try it. The demo's write key is no secret; no other is shown. */
function announce(config: Config, sources: Sources, ports: Ports, runtime: string, log: Log): void {
  const url = urlOf(config.host, ports.port);
  const isDemo = config.configFile === null;
  log.info("listening", {
    url,
    live: urlOf(config.adminHost, ports.adminPort),
    version: VERSION,
    runtime,
    events: config.nats === null ? `spool in ${config.dataDir}` : `NATS stream ${config.stream.name}`,
    sources: sources.size,
    ...(isDemo ? { writeKey: "demo" } : {}),
    try: `curl '${url}/pixel/v1/page?writeKey=${isDemo ? "demo" : "YOUR_WRITE_KEY"}&name=Hello'`,
  });
}

function urlOf(host: string, port: number): string {
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}`;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves with exit code 0 when `stop` has run after the first signal; a second signal ends the process at once. */
function untilStopped(stop: (signal: string) => Promise<void>): Promise<number> {
  return new Promise((resolve, reject) => {
    let isStopping = false;
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => {
        if (isStopping) process.exit(1);
        isStopping = true;
        stop(signal).then(() => resolve(0), reject);
      });
    }
  });
}
