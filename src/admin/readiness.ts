// Whether the gateway should get traffic now, and if not, why. Knows the states, not the port that tells them.
import type { DeliveryState } from "../delivery/delivery.ts";

/** Why no event should come here, one sentence each; empty while the gateway is ready. */
export function findObstacles(state: DeliveryState, isDraining: boolean): string[] {
  const obstacles: string[] = [];
  if (isDraining) obstacles.push("draining: the gateway is about to stop");
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
