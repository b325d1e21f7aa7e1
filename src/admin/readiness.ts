// Whether the gateway should get traffic now, and if not, why. Knows the states, not the port that tells them.
import type { DeliveryState } from "../delivery/state.ts";

/** What takes pixels: one process, or several workers. */
export interface Processes {
  readonly wanted: number;
  /** Those that have opened the public port. */
  readonly running: number;
  /** Of these, those that have closed it for a while, for want of file descriptors. */
  readonly shedding: number;
}

/** Why no event should come here, one sentence each; empty while the gateway is ready. */
export function findObstacles(
  state: DeliveryState,
  { running, shedding }: Processes,
  isDraining: boolean,
): string[] {
  const obstacles: string[] = [];
  if (isDraining) obstacles.push("draining: the gateway is about to stop");
  else if (running === 0) obstacles.push("no worker is running");
  else if (running === shedding) obstacles.push("out of file descriptors: no connection is accepted");
  if (state.spool !== "open") {
    obstacles.push(
      state.spool === "full"
        ? "spool is full: it takes no event"
        : "spool is failing: it cannot be written, the log says why",
    );
    if (state.nats === "down") obstacles.push("NATS is down: nothing can be published");
    if (state.nats === "degraded")
      obstacles.push("NATS is degraded: connected, but an ack cannot be counted on");
  }
  return obstacles;
}

/** What a gateway lacks that is ready all the same, one sentence each: the other workers take the requests. */
export function tellMissing({ wanted, running, shedding }: Processes): string[] {
  const missing: string[] = [];
  if (running < wanted) missing.push(`workers: ${wanted - running} of ${wanted} not running`);
  if (shedding > 0) missing.push(`workers: ${shedding} of ${wanted} out of file descriptors`);
  return missing;
}

/** False when nothing is left that could take a request; a gateway that stops is alive until it has stopped. */
export function isAlive({ running }: Processes, isDraining: boolean): boolean {
  return running > 0 || isDraining;
}
