// Two decisions over the same requests, one with plans and one by the reference alone: what differs is a fault of a plan.
import { readConfig } from "../../src/config/environment.ts";
import type { Sources } from "../../src/config/sources.ts";
import type { Payload } from "../../src/pixel/payload.ts";
import { Plans } from "../../src/pixel/plan/plans.ts";
import { createDecide, type Decision, type PixelRequest } from "../../src/server/decide.ts";
import { createRateLimiter } from "../../src/server/ratelimiter.ts";
import { POLICY_SOURCES } from "./policies.ts";

/** A decision with plans beside one without. */
export interface Twins {
  /** Decides a request in both ways; throws where they differ. */
  decide(request: PixelRequest): Decision;
  /** Decides it with plans alone, and compares nothing: for requests by the thousand. */
  rush(request: PixelRequest): void;
  /** Throws where a payload that was given before is not what it was: each is a view of bytes that others follow in. */
  recheck(): void;
  /** How many events were written by a plan. */
  planned(): number;
}

interface Options {
  /** The sources of this moment. */
  readonly sources?: () => Sources;
  readonly trusted?: string;
  readonly maxUrlBytes?: number;
  /** Those of the one that has any. */
  readonly plans?: Plans;
}

const MAX_KEPT = 20_000;

/** Creates both, with sources of every policy, and ids that are the same for both of them in each request. */
export function createTwins(options: Options = {}): Twins {
  const { sources = () => POLICY_SOURCES, trusted = "10.0.0.0/8", maxUrlBytes = 65_536 } = options;
  const config = readConfig({ TRUSTED_PROXIES: trusted });
  if (Array.isArray(config)) throw new Error(config.join("\n"));
  const { trustedProxies } = config;
  let requests = 0;
  let ids = 0;
  const newId = () => `00000000-0000-4000-8000-${String(requests * 10 + ++ids).padStart(12, "0")}`;
  const { plans: ours = new Plans() } = options;
  const create = (plans: Plans | null) =>
    createDecide({ maxUrlBytes, trustedProxies, sources, newId, rateLimiter: createRateLimiter(1), plans });
  const [reference, planned] = [create(null), create(ours)];
  const kept: { readonly decision: Decision; readonly text: string }[] = [];

  return {
    decide(request) {
      requests++;
      ids = 0;
      const text = tell(reference(request));
      ids = 0;
      const decision = planned(request);
      const found = tell(decision);
      if (found !== text) throw new Difference(request, found, text);
      if (kept.length < MAX_KEPT) kept.push({ decision, text });
      return decision;
    },
    rush(request) {
      requests++;
      planned(request);
    },
    recheck() {
      for (const { decision, text } of kept) {
        const found = tell(decision);
        if (found !== text) throw new Error(`A payload has changed:\n  was ${text}\n  is  ${found}`);
      }
    },
    planned: () => ours.counts.written,
  };
}

/** Characters of a decision that are shown around the first that differs. */
const SHOWN = 300;

class Difference extends Error {
  constructor({ url, type, headers, peer }: PixelRequest, planned: string, reference: string) {
    let at = 0;
    while (planned[at] === reference[at]) at++;
    const shown = (text: string) => text.slice(Math.max(0, at - SHOWN / 2), at + SHOWN / 2);
    const cut = (text: string) => (text.length <= 2 * SHOWN ? text : `${text.slice(0, 2 * SHOWN)}…`);
    super(
      [
        `A plan gives another decision than the reference, from character ${at} on:`,
        `  plan      …${shown(planned)}…`,
        `  reference …${shown(reference)}…`,
        `  ${type} ${cut(JSON.stringify(url))} from ${peer}, ${cut(JSON.stringify([...headers]))}`,
      ].join("\n"),
    );
    this.name = "Difference";
  }
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A payload as text; throws where its bytes are not UTF-8. */
export function payloadOf(payload: Payload): string {
  return strict.decode(payload);
}

/** A decision as text, so that two can be compared whole. */
function tell(decision: Decision): string {
  const { outcome, form } = decision;
  const source = decision.source?.id ?? null;
  if (outcome === "rejected") {
    return JSON.stringify({ outcome, source, form, rejection: decision.rejection, record: decision.record });
  }
  if (outcome === "dropped") return JSON.stringify({ outcome, source, form, reason: decision.reason });
  const { outgoing, setCookie } = decision;
  const { id, sourceId, type, payload, routes } = outgoing;
  return JSON.stringify({
    outcome,
    source,
    form,
    setCookie,
    id,
    sourceId,
    type,
    routes,
    payload: payloadOf(payload),
  });
}
