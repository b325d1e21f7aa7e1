// The life of a gateway: wire it, listen, reload, drain. No rule of the Pixel API and none of delivery.
import { createApp } from "./app.ts";
import type { Config } from "./config.ts";
import { createDelivery } from "./delivery/delivery.ts";
import { createIntake } from "./intake.ts";
import { createLimiter } from "./limiter.ts";
import { createLog, reasonOf } from "./observe/log.ts";
import type { Observer } from "./observe/observer.ts";
import { createRefusalLog } from "./observe/refusals.ts";
import { watchSources } from "./reload.ts";
import { findRuntime, type Listener } from "./runtime/runtime.ts";
import type { Sources } from "./sources.ts";
import { VERSION } from "./version.ts";

/** Headers may be this much longer than the longest URL we answer ourselves with 414. */
const HEADER_ROOM_BYTES = 256 * 1024;

/** Why a gateway cannot start, as one line for a person. */
export class StartError extends Error {}

/** Runs a gateway until it is told to stop; resolves with the exit code. */
export async function serve(config: Config, initial: Sources): Promise<number> {
  const runtime = await findRuntime();
  const log = createLog(config.logLevel, process.stdout.isTTY === true);
  const sources = { current: initial };
  const limiter = createLimiter(1);
  const logRefusal = createRefusalLog(log);

  const delivery = createDelivery({ ...config, log });
  const observer: Observer = {
    isWatched: false,
    count: (outcome, _type, sourceId, reason) => {
      if (outcome === "rejected") logRefusal(reason ?? "", sourceId);
    },
    show: () => {},
  };

  const intakeOptions = {
    maxUrlBytes: config.maxUrlBytes,
    trustedProxies: config.trustedProxies,
    sources: () => sources.current,
    newId: () => crypto.randomUUID(),
  };
  const app = createApp({
    intake: createIntake({ ...intakeOptions, limiter }),
    delivery,
    observer,
    clock: Date.now,
    peer: runtime.peer,
    onFault: (error) => log.error("request failed by a fault of the gateway", { error: reasonOf(error) }),
  });

  let listener: Listener;
  try {
    listener = runtime.listen(app, {
      host: config.host,
      port: config.port,
      isShared: false,
      maxHeaderBytes: config.maxUrlBytes + HEADER_ROOM_BYTES,
    });
  } catch (error) {
    await delivery.close(0);
    throw new StartError(`Cannot listen on ${config.host}:${config.port}: ${reasonOf(error)}`);
  }
  const reload = watchSources(config, sources, log);
  announce(config, initial, listener.port, runtime.name);

  return await untilStopped(async (signal) => {
    const deadline = Date.now() + config.shutdownDelayMs + config.shutdownTimeoutMs;
    log.info("stopping", { signal });
    reload.stop();
    await sleep(config.shutdownDelayMs);
    const stopped = listener.stop(false);
    while (delivery.state().inFlight > 0 && Date.now() < deadline) await sleep(5);
    await delivery.close(Math.max(0, deadline - Date.now()));
    await Promise.race([stopped, sleep(Math.min(50, Math.max(0, deadline - Date.now())))]);
    await listener.stop(true);
    log.info("stopped");
  });

  function announce(config: Config, sources: Sources, port: number, runtimeName: string): void {
    const host = config.host === "0.0.0.0" || config.host === "::" ? "127.0.0.1" : config.host;
    const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
    const isDemo = config.configFile === null;
    const attempt = `curl '${url}/pixel/v1/page?writeKey=${isDemo ? "demo" : "YOUR_WRITE_KEY"}&name=Hello'`;
    const events =
      config.nats === null ? `the spool in ${config.dataDir}` : `NATS stream ${config.stream.name}`;
    log.info("listening", {
      url,
      version: VERSION,
      runtime: runtimeName,
      events,
      sources: sources.size,
      ...(isDemo ? { writeKey: "demo" } : {}),
      try: attempt,
    });
  }
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
