// Decisions over the demo source, as a gateway without a file makes them: for whoever measures them without one.
import { DEMO } from "../../src/config/configuration.ts";
import type { Plans } from "../../src/pixel/plan/plans.ts";
import { createDecide } from "../../src/server/decide.ts";
import { resolved } from "../support/configuration.ts";

const { sources } = resolved(DEMO);

/** Creates the decision; by the reference alone where there are no plans. */
export function decideDemo(plans: Plans | null): ReturnType<typeof createDecide> {
  return createDecide({
    maxUrlBytes: 16_384,
    trustedProxies: null,
    sources: () => sources,
    newId: () => crypto.randomUUID(),
    rateLimiter: null,
    plans,
  });
}
