// What becomes of the processes of a gateway when one of them is killed.
import { connect } from "node:net";
import { childrenOf } from "../bench/process.ts";
import { startNats } from "../support/natsserver.ts";
import { until } from "../support/until.ts";
import { BUSY_PER_SECOND, begin, type Fault, LIMIT_MS } from "./fault.ts";

const WORKERS = 2;

/** What happens to a gateway of several processes. */
export const PROCESS_FAULTS: readonly Fault[] = [
  {
    number: 16,
    name: "supervisor killed, its workers under load",
    run: async (world) => {
      const nats = world.adopt(await startNats());
      await begin(world, [nats.url], { PIXELGATE_WORKERS: String(WORKERS) }, BUSY_PER_SECOND);
      const workers = childrenOf(world.gateway?.pid ?? 0);
      if (workers.length !== WORKERS) throw new Error(`there are ${workers.length} workers`);
      const all = [...workers];
      // They outlive their supervisor for a while, and would write to a folder that is to go.
      world.onEnd(async () => {
        for (const pid of all.filter(isRunning)) process.kill(pid, "SIGKILL");
        await until("no worker is left", () => !all.some(isRunning), LIMIT_MS);
      });
      await world.stopGateway("SIGKILL");
      const killedAt = performance.now();
      await until("the workers have ended", () => !workers.some(isRunning), LIMIT_MS);
      const endedMs = performance.now() - killedAt;
      if (await isTaken(world.port)) throw new Error("somebody still listens on the port");
      await world.restartGateway();
      all.push(...childrenOf(world.gateway?.pid ?? 0));
      world.faultEnds();
      world.note = `workers gone after ${(endedMs / 1000).toFixed(1)} s`;
      return world.account(nats.url);
    },
  },
];

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
