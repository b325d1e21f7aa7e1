// Decisions as tests of the public port ask for them: one configuration, one request, one time.
import { readConfig } from "../../src/config/environment.ts";
import type { Outgoing } from "../../src/delivery/outgoing.ts";
import { decodePayload } from "../../src/pixel/payload.ts";
import { Plans } from "../../src/pixel/plan/plans.ts";
import {
  type AcceptedRequest,
  createDecide,
  type Decision,
  type PixelRequest,
} from "../../src/server/decide.ts";
import { createRateLimiter } from "../../src/server/ratelimiter.ts";
import { findRoute } from "../../src/server/routes.ts";
import { resolved } from "./configuration.ts";
import { createTwins } from "./twins.ts";

/** When every request is received. */
export const NOW = "2026-11-23T10:00:00.000Z";

const CONFIG = {
  sources: [
    { id: "blog", writeKey: "wk_blog", destinations: ["warehouse", "alerts", "paused"] },
    { id: "off", writeKey: "wk_off", destinations: ["warehouse"], enabled: false },
    { id: "once", writeKey: "wk_once", destinations: ["warehouse"], dedupe: "messageId" },
    { id: "slow", writeKey: "wk_slow", destinations: ["warehouse"], rateLimit: 2 },
    {
      id: "strict",
      writeKey: "wk_strict",
      destinations: ["warehouse"],
      bots: "drop",
      privacySignals: "drop",
    },
    { id: "cookie", writeKey: "wk_cookie", destinations: ["warehouse"], anonymousId: "cookie" },
    { id: "nowhere", writeKey: "wk_nowhere", destinations: [] },
    { id: "gif", writeKey: "wk_gif", destinations: ["warehouse"], reply: "gif" },
    { id: "text", writeKey: "wk_text", destinations: ["warehouse"], reply: "text" },
    { id: "private", writeKey: "wk_private", destinations: ["warehouse"], privacySignals: "anonymise" },
    { id: "parted", writeKey: "wk_parted", destinations: ["lake", "alerts"], dedupe: "messageId" },
  ],
  destinations: [
    { id: "warehouse" },
    { id: "alerts", events: ["track"] },
    { id: "paused", enabled: false },
    { id: "lake", stream: "LAKE", partitions: 4 },
  ],
};

const SOURCES = resolved(CONFIG).sources;

/** Sightings after which a shape that can have a plan has one. */
const SIGHTINGS = 3;

/**
 * A decision over the sources of a test; ids that are assigned are `new-1`, `new-2` and so on. Each request is decided by
 * plans first, and beside them by the reference alone: a test of any rule fails where plans do not keep it.
 */
export function decideOf({ maxUrlBytes = 16_384, trusted = "" } = {}): (request: PixelRequest) => Decision {
  const config = readConfig({ TRUSTED_PROXIES: trusted });
  if (Array.isArray(config)) throw new Error(config.join("\n"));
  const twins = createTwins({ sources: () => SOURCES, trusted, maxUrlBytes });
  let ids = 0;
  const decide = createDecide({
    maxUrlBytes,
    trustedProxies: config.trustedProxies,
    sources: () => SOURCES,
    newId: () => `new-${++ids}`,
    rateLimiter: createRateLimiter(1),
    plans: new Plans(),
  });
  return (request) => {
    for (let sighting = 0; sighting < SIGHTINGS; sighting++) twins.decide(request);
    return decide(request);
  };
}

/** A request for a target, by default with no headers and from an address that nobody trusts. */
export function requestOf(
  target: string,
  headers: Record<string, string> = {},
  peer: string | null = "192.0.2.1",
): PixelRequest {
  const { type, pathForm } = findRoute(target) ?? { type: "page", pathForm: null };
  return {
    type,
    pathForm,
    url: `http://pixel.example${target}`,
    headers: new Headers(headers),
    peer,
    receivedMs: Date.parse(NOW),
  };
}

/** The target of a page with a query. */
export const page = (query: string) => `/pixel/v1/page?${query}`;

/** A decision that must have accepted. */
export function accepted(decision: Decision): AcceptedRequest {
  if (decision.outcome !== "accepted") throw new Error(`Not accepted: ${JSON.stringify(decision)}`);
  return decision;
}

/** The event of such a decision. */
export function eventOf(decision: Decision): Record<string, Record<string, unknown>> {
  return eventIn(accepted(decision).outgoing);
}

/** The event of a delivery that there must have been. */
export function eventIn(
  outgoing: Pick<Outgoing, "payload"> | undefined,
): Record<string, Record<string, unknown>> {
  if (outgoing === undefined) throw new Error("Nothing was delivered");
  return JSON.parse(decodePayload(outgoing.payload));
}
