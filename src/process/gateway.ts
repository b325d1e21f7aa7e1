// One process's pipeline, wired: delivery, observers, the public app and its port. Knows no admin port and no signal.
import { setTimeout as sleep } from "node:timers/promises";
import type { Processes } from "../admin/readiness.ts";
import type { Configuration } from "../config/configuration.ts";
import type { Config } from "../config/environment.ts";
import type { Layout } from "../config/layout.ts";
import {
  createDelivery,
  type Delivery,
  type DeliveryOptions,
  type WorkerSlot,
} from "../delivery/delivery.ts";
import { reasonOf } from "../delivery/log.ts";
import { SpoolError } from "../delivery/spool/fault.ts";
import type { DeliveryState } from "../delivery/state.ts";
import type { Log } from "../observe/log.ts";
import { createMetrics, type Metrics } from "../observe/metrics.ts";
import type { Observer } from "../observe/observer.ts";
import { createRejectionLog } from "../observe/rejections.ts";
import { Plans } from "../pixel/plan/plans.ts";
import { systemClock } from "../runtime/clock.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { createApp } from "../server/app.ts";
import { createDecide } from "../server/decide.ts";
import { createLoadShedder } from "../server/loadshedder.ts";
import { createRateLimiter } from "../server/ratelimiter.ts";
import { guardDescriptors } from "./descriptors.ts";
import { listen } from "./listen.ts";
import { watchConfiguration } from "./reload.ts";
import { StartError } from "./starterror.ts";
import { VERSION } from "./version.ts";

/** Headers may be this much longer than the longest URL we answer ourselves with 414. */
const HEADER_ROOM_BYTES = 256 * 1024;

/** How long clients with open connections get for their next request, and to learn that it was the last. */
const LEAVE_MS = 300;

/** How long the last answers may take from our buffers to their readers. */
const FAREWELL_MS = 100;

/** What takes pixels, as the admin port sees it: one gateway, or all workers together. */
export interface GatewayView {
  readonly port: number;
  readonly metrics: Pick<Metrics, "render" | "totals">;
  readonly state: () => DeliveryState;
  readonly processes: () => Processes;
  /** The configuration of this moment. */
  readonly configuration: () => Configuration;
  /** Stops accepting, answers what is in flight, keeps what has no ack, closes; within the configured times. */
  stop(): Promise<void>;
}

/** A gateway that takes pixels. */
export interface Gateway extends GatewayView {
  readonly metrics: Metrics;
}

/** Whoever watches requests: the live feed, or a worker's way to it. */
export type LiveSink = Pick<Observer, "isWatched" | "show">;

/** Opens the spool, dials NATS in the background and listens. `slot` is null for the only process. Throws a `StartError`. */
export function openGateway(
  config: Config,
  initial: Configuration,
  runtime: Runtime,
  log: Log,
  liveSink: LiveSink,
  slot: WorkerSlot | null,
): Gateway {
  const rejections = createRejectionLog(log);
  const delivery = openDelivery(config, initial.layout, log, slot, {
    onAck: (ackMs) => metrics.ack(ackMs / 1000),
    onRelayed: (events) => metrics.relayed(events),
  });
  const watched = watchConfiguration(config, initial, log, ({ layout }) => delivery.use(layout));
  const sources = () => watched.current().sources;
  const metrics = createMetrics({
    version: VERSION,
    startedMs: Date.now(),
    sourceIds: () => Array.from(sources().values(), (source) => source.id),
    delivery: delivery.state,
  });
  const observer: Observer = {
    get isWatched() {
      return liveSink.isWatched;
    },
    count(outcome, type, sourceId, reason, startedMs) {
      metrics.count(outcome, type, sourceId, reason, startedMs);
      if (outcome === "rejected" && reason !== null) rejections.count(reason, sourceId);
    },
    show: liveSink.show,
  };
  const loadShedder = createLoadShedder({
    clock: systemClock,
    onChange: (isShedding, waitMs) => {
      if (isShedding)
        log.warn("overloaded: some requests are turned away with 503", { waitMs: Math.round(waitMs) });
      else log.info("no longer overloaded");
    },
  });
  const { maxUrlBytes, trustedProxies } = config;
  const app = createApp({
    decide: createDecide({
      maxUrlBytes,
      trustedProxies,
      sources,
      newId: () => crypto.randomUUID(),
      rateLimiter: createRateLimiter(slot?.count ?? 1),
      plans: new Plans(),
    }),
    delivery,
    observer,
    admits: loadShedder.admits,
    clock: Date.now,
    peer: runtime.peer,
    onFault: (error) => log.error("request failed by a fault of the gateway", { error: reasonOf(error) }),
  });
  const listener = listen(runtime, app, "PORT", {
    host: config.host,
    port: config.port,
    reusePort: slot !== null,
    maxHeaderBytes: maxUrlBytes + HEADER_ROOM_BYTES,
  });
  const guard = listener.relief === null ? null : guardDescriptors(listener.relief, log, systemClock);

  return {
    port: listener.port,
    metrics,
    state: delivery.state,
    processes: () => ({ wanted: 1, running: 1, shedding: guard?.isShedding ? 1 : 0 }),
    configuration: watched.current,
    async stop() {
      watched.stop();
      guard?.stop();
      listener.leave();
      await sleep(config.shutdownDelayMs);
      // Not by the time of day: somebody may set it meanwhile.
      const deadline = performance.now() + config.shutdownTimeoutMs;
      const left = () => Math.max(0, deadline - performance.now());
      // A port that is closed at once resets what clients have already sent: first they are told to go.
      await sleep(Math.min(LEAVE_MS, left() / 4));
      const stopped = listener.stop(false);
      while (delivery.state().inFlight > 0 && left() > 0) await sleep(5);
      await Promise.race([stopped, sleep(Math.min(FAREWELL_MS, left() / 4))]);
      await delivery.close(left());
      // The last answers are on their way through the sockets.
      await sleep(Math.min(FAREWELL_MS, left()));
      rejections.flush();
      metrics.stop();
      loadShedder.stop();
    },
  };
}

function openDelivery(
  config: Config,
  layout: Layout,
  log: Log,
  slot: WorkerSlot | null,
  hooks: Pick<DeliveryOptions, "onAck" | "onRelayed">,
): Delivery {
  try {
    return createDelivery({ ...config, layout, log, slot, ...hooks });
  } catch (error) {
    if (!(error instanceof SpoolError)) throw error;
    throw new StartError(error.message, { cause: error });
  }
}
