// Both ports of a gateway over real HTTP with a real spool, wired as the program wires them.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAdmin } from "../../src/admin/admin.ts";
import { createExplain } from "../../src/admin/explain.ts";
import type { Processes } from "../../src/admin/readiness.ts";
import { createDelivery } from "../../src/delivery/delivery.ts";
import type { Outgoing } from "../../src/delivery/outgoing.ts";
import type { DeliveryState } from "../../src/delivery/state.ts";
import { createLive } from "../../src/observe/live.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { bun } from "../../src/runtime/bun.ts";
import { createApp } from "../../src/server/app.ts";
import { createDecide } from "../../src/server/decide.ts";
import { resolved } from "./configuration.ts";

export const { sources: SOURCES, layout: LAYOUT } = resolved({
  sources: [
    { id: "blog", writeKey: "wk_blog", destinations: ["warehouse", "alerts"] },
    { id: "shop", writeKey: "wk_shop", destinations: ["warehouse"], bots: "drop", reply: "gif" },
    { id: "old", writeKey: "wk_old", destinations: ["warehouse"], enabled: false },
  ],
  destinations: [{ id: "warehouse" }, { id: "alerts", events: ["track"] }],
});

export const IDLE: DeliveryState = {
  nats: "off",
  inFlight: 0,
  inFlightBytes: 0,
  spooled: 0,
  spooledBytes: 0,
  oldestSpooledMs: null,
  spool: "open",
  damagedRows: 0,
  salvageLeft: 0,
  destinations: [],
  findings: [],
  quarantined: 0,
  quarantineFull: false,
};

export interface PortsOptions {
  /** Names the admin port answers to. */
  readonly allowedHosts?: readonly string[];
  /** What the admin port asks for. */
  readonly token?: string | null;
}
/** A gateway of one process. */
export const ONE_PROCESS: Processes = { wanted: 1, running: 1, shedding: 0 };

/** Opens both ports on free numbers. `world` is what a test may change while they run. */
export function openPorts({ allowedHosts = [], token = null }: PortsOptions = {}) {
  const world = {
    /** What readiness and the page are told, null for the truth: a NATS that is gone is another test's matter. */
    state: null as DeliveryState | null,
    isDraining: false,
    processes: ONE_PROCESS,
  };
  const kept: Outgoing[] = [];
  const faults: unknown[] = [];
  const onFault = (error: unknown) => void faults.push(error);
  const sources = () => SOURCES;
  const dataDir = mkdtempSync(join(tmpdir(), "pixelgate-ports-"));
  const spool = createDelivery({
    layout: LAYOUT,
    dataDir,
    spoolMaxBytes: 64 * 1024 * 1024,
    log: { info() {}, warn() {}, error: (message) => onFault(message) },
  });
  const delivery: Pick<typeof spool, "deliver" | "publishRejected" | "state"> = {
    deliver(outgoing, settle) {
      spool.deliver(outgoing, (delivered) => {
        if (delivered === "spooled") kept.push(outgoing);
        settle(delivered);
      });
    },
    publishRejected: spool.publishRejected,
    state: () => world.state ?? spool.state(),
  };
  const metrics = createMetrics({
    version: "1.2.3",
    startedMs: Date.now(),
    sourceIds: () => Array.from(SOURCES.values(), (source) => source.id),
    delivery: delivery.state,
  });
  const live = createLive();
  const limits = { maxUrlBytes: 16384, trustedProxies: null, sources };
  const app = createApp({
    decide: createDecide({ ...limits, newId: () => crypto.randomUUID(), rateLimiter: null, plans: null }),
    delivery,
    observer: {
      get isWatched() {
        return live.isWatched;
      },
      count: metrics.count,
      show: live.show,
    },
    clock: Date.now,
    peer: bun.peer,
    onFault,
  });
  const open = { host: "127.0.0.1", port: 0, reusePort: false };
  const publicListener = bun.listen(app, open);
  const admin = createAdmin({
    version: "1.2.3",
    startedMs: Date.now(),
    allowedHosts,
    token,
    isDraining: () => world.isDraining,
    delivery,
    processes: () => world.processes,
    metrics,
    live,
    sources,
    layout: () => LAYOUT,
    explain: createExplain({ ...limits, stream: { prefix: "pixel" } }),
    publicPort: () => publicListener.port,
    clock: Date.now,
    onFault,
  });
  const adminListener = bun.listen(admin, open);
  return {
    world,
    /** The events that are safe in the spool, in order. */
    kept,
    faults,
    live,
    metrics,
    publicUrl: `http://127.0.0.1:${publicListener.port}`,
    adminUrl: `http://127.0.0.1:${adminListener.port}`,
    async close() {
      live.close();
      metrics.stop();
      await adminListener.stop(true);
      await publicListener.stop(true);
      await spool.close(1000);
      rmSync(dataDir, { recursive: true });
    },
  };
}
