// A fault, and the gateway under load that it happens to.
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../support/until.ts";
import type { Account, World } from "./world.ts";

/** What a 200 must survive. */
export interface Fault {
  readonly number: number;
  readonly name: string;
  /** Why it cannot be shown on this machine; null when it can. */
  readonly obstacle?: () => string | null;
  readonly run: (world: World) => Promise<Account>;
}

/** Longer than anything takes that a fault waits for. */
export const LIMIT_MS = 60_000;

/** Events a second of a fault that needs many at once, in a short run, too. */
export const BUSY_PER_SECOND = 4000;

/** A gateway with NATS, under load for a while. */
export async function begin(
  world: World,
  urls: readonly string[],
  env: Record<string, string> = {},
  perSecond = world.scale.perSecond,
): Promise<void> {
  await world.startGateway(urls, env);
  await world.untilUp();
  world.startLoad(perSecond);
  const { load } = world;
  await until("the load has begun", () => (load?.answered ?? 0) > 50, LIMIT_MS);
  await sleep(world.scale.calmMs);
}
