// The life of the program: start, say where it is, wait for a signal, stop. Wires the admin port to one gateway.
import { createAdmin } from "../admin/admin.ts";
import { createExplain } from "../admin/explain.ts";
import type { Configuration } from "../config/configuration.ts";
import type { Config } from "../config/environment.ts";
import { type DataDir, takeDataDir } from "../delivery/datadir.ts";
import { reasonOf } from "../delivery/log.ts";
import { SpoolError } from "../delivery/spool/fault.ts";
import { createLive, type Live } from "../observe/live.ts";
import { createLog, type Log } from "../observe/log.ts";
import { systemClock } from "../runtime/clock.ts";
import { findRuntime } from "../runtime/find.ts";
import type { Listener, Runtime } from "../runtime/runtime.ts";
import { type GatewayView, openGateway } from "./gateway.ts";
import { watchLaunchers } from "./launcher.ts";
import { listen } from "./listen.ts";
import { isLoopback, originOf } from "./origin.ts";
import { untilStopped } from "./signals.ts";
import { StartError } from "./starterror.ts";
import { type Supervisor, supervise } from "./supervisor.ts";
import { VERSION } from "./version.ts";
import { WORKER_INDEX, work } from "./worker.ts";

/** Runs the gateway until it is told to stop; resolves with the exit code. Throws a `StartError`. */
export async function serve(config: Config, initial: Configuration): Promise<number> {
  const startedMs = Date.now();
  const runtime = await findRuntime();
  const log = createLog(config.logLevel, process.stdout.isTTY === true);
  const workers = config.workers === 0 ? navigator.hardwareConcurrency : config.workers;
  if (workers > 1 && !runtime.canShare) {
    throw new StartError(`Cannot run ${workers} workers: on ${runtime.name} processes cannot share a port`, {
      code: 2,
    });
  }
  if (process.env[WORKER_INDEX] !== undefined) return work(config, initial, runtime, log);
  const dataDir = takeOwnDataDir(config, log);
  const live = createLive();
  const status = { isDraining: false };
  const { promise: opened, resolve: open } = Promise.withResolvers<GatewayView>();
  let supervisor: Supervisor | null = null;
  const close = async () => {
    await (await opened).stop();
    live.close();
    dataDir.release();
    log.info("stopped");
  };
  // Before the port opens: a signal right after the first answer must find somebody who hears it.
  const ended = untilStopped(
    async (signal) => {
      status.isDraining = true;
      log.info("stopping", { signal });
      await close();
    },
    {
      endAtOnce: async () => supervisor?.endAtOnce(),
      watch: (end) =>
        watchLaunchers(systemClock, process.env, process.pid, () => end("what started it is gone")),
    },
  );
  if (workers > 1) supervisor = supervise(config, initial, workers, live, log);
  const view = await (supervisor?.opened ?? openGateway(config, initial, runtime, log, live, null));
  try {
    const admin = openAdmin(config, view, live, status, startedMs, runtime, log);
    announce(config, view, admin.port, runtime.name, workers, log);
  } catch (error) {
    // Workers would answer on the port for as long as a stop may take.
    await supervisor?.endAtOnce();
    throw error;
  }
  open(view);
  const lost = supervisor?.lost.then(() => close()).then(() => 1);
  return Promise.race(lost === undefined ? [ended] : [ended, lost]);
}

/** For this process and its workers: another gateway must not relay what they hold. */
function takeOwnDataDir({ dataDir }: Config, log: Log): DataDir {
  try {
    return takeDataDir(dataDir, "the gateway", log);
  } catch (error) {
    if (!(error instanceof SpoolError)) throw error;
    throw new StartError(error.message, { cause: error });
  }
}

function openAdmin(
  config: Config,
  { metrics, state, processes, configuration, port }: GatewayView,
  live: Live,
  status: { readonly isDraining: boolean },
  startedMs: number,
  runtime: Runtime,
  log: Log,
): Listener {
  const sources = () => configuration().sources;
  const admin = createAdmin({
    version: VERSION,
    startedMs,
    allowedHosts: config.adminAllowedHosts,
    token: config.adminToken,
    isDraining: () => status.isDraining,
    delivery: { state },
    processes,
    metrics,
    live,
    sources,
    layout: () => configuration().layout,
    explain: createExplain({ ...config, sources }),
    publicPort: () => port,
    clock: Date.now,
    onFault: (error) =>
      log.error("admin request failed by a fault of the gateway", { error: reasonOf(error) }),
  });
  return listen(runtime, admin, "ADMIN_PORT", {
    host: config.adminHost,
    port: config.adminPort,
    reusePort: false,
  });
}

/** Says where the gateway is and how to try it. The demo's write key is no secret; no other is shown. */
function announce(
  config: Config,
  { port, configuration }: GatewayView,
  adminPort: number,
  runtime: string,
  workers: number,
  log: Log,
): void {
  const url = originOf(config.host, port);
  const { sources, layout } = configuration();
  const more = layout.streams.size - 1;
  const streams = more === 0 ? layout.defaultStream : `${layout.defaultStream} and ${more} more`;
  const isDemo = config.configFile === null;
  if (config.adminToken === null && !isLoopback(config.adminHost)) {
    log.warn("the admin port is open to the network without a token: set ADMIN_TOKEN", {
      address: config.adminHost,
    });
  }
  log.info("listening", {
    url,
    live: originOf(config.adminHost, adminPort),
    version: VERSION,
    runtime,
    ...(workers > 1 ? { workers } : {}),
    events: config.nats === null ? `spool in ${config.dataDir}` : `NATS stream ${streams}`,
    sources: sources.size,
    ...(isDemo ? { writeKey: "demo" } : {}),
    try: `curl '${url}/pixel/v1/page?writeKey=${isDemo ? "demo" : "YOUR_WRITE_KEY"}&name=Hello'`,
  });
}
