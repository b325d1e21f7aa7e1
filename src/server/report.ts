// Tells the observer what has become of a request: a count always, a record only while somebody watches.
import type { Observer, Outcome } from "../observe/observer.ts";
import { userAgentOf } from "../pixel/headers.ts";
import { decodePayload } from "../pixel/payload.ts";
import type { Decision, PixelRequest } from "./decide.ts";
import { targetOf } from "./target.ts";

/** Reports one request. `reason` is null where it was taken; `startedMs` is a `performance.now()`. */
export function report(
  observer: Observer,
  request: PixelRequest,
  decision: Decision,
  startedMs: number,
  outcome: Outcome,
  status: number,
  reason: string | null,
): void {
  const { type, url, headers, receivedMs } = request;
  const sourceId = decision.source?.id ?? null;
  observer.count(outcome, type, sourceId, reason, startedMs);
  if (!observer.isWatched) return;
  const outgoing = decision.outcome === "accepted" ? decision.outgoing : null;
  observer.show({
    receivedMs,
    type,
    outcome,
    reason,
    status,
    sourceId,
    destinations: outgoing?.routes.map((route) => route.destinationId) ?? [],
    target: targetOf(url),
    userAgent: userAgentOf(headers),
    payload: outgoing === null ? null : decodePayload(outgoing.payload),
  });
}
