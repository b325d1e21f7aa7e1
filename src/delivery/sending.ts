// One spooled copy on its way: sent where its destination is now, and what becomes of it when its verdict is there. Knows not
// whose turn it is.
import { type Layout, routeAgain } from "../config/layout.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Lane } from "./lane.ts";
import { createRarely, type DeliveryLog } from "./log.ts";
import type { Publisher } from "./nats/publisher.ts";
import type { Verdict } from "./nats/window.ts";
import type { Road } from "./road.ts";
import type { SpooledEvent } from "./spool/row.ts";
import type { Spool } from "./spool/spool.ts";

/** From where to where, and who hears of it. */
export interface SendingOptions {
  readonly spool: Pick<Spool, "remove" | "quarantine">;
  readonly publisher: Pick<Publisher, "publish">;
  /** Where copies go at this moment. */
  readonly layout: () => Layout;
  readonly log: DeliveryLog;
  readonly time: Clock;
  /** Called with the number of events whose last copy has left the spool for its stream. */
  readonly onRelayed: ((events: number) => void) | undefined;
  /** Told the lanes on which there may be more to send, once a copy has come off the wire. */
  readonly onFree: (lanes: readonly Lane[]) => void;
}

/** Sends a copy on a lane of its destination's road, unless it is on the wire already, put off, or for another lane. */
export type Send = (road: Road, lane: Lane, event: SpooledEvent) => void;

/** An event of which copies are on the wire. */
interface Sent {
  copies: number;
  /** Of all its copies in the spool, those that are not settled. */
  left: number;
}

/** Longer than for a client's event: nobody waits, and a slow stream must still be relayed to. */
const DEADLINE_MS = 8000;
/** A message id that is being stored at this instant is free again within milliseconds, or stuck for long. */
const BUSY_MS = 1000;

/** Creates what sends the copies of one spool. */
export function createSending(options: SendingOptions): Send {
  const { spool, publisher, layout, log, time, onRelayed, onFree } = options;
  const rarely = createRarely(60_000);
  /** By sequence. */
  const sent = new Map<number, Sent>();

  function finish(road: Road, lane: Lane, event: SpooledEvent, verdict: Verdict, reason: string): void {
    const { seq, payload } = event;
    road.inFlight.delete(seq);
    lane.inFlight--;
    lane.inFlightBytes -= payload.length;
    const isSettled = verdict === "stored" || (verdict === "rejected" && giveUp(road, event, reason));
    const isLast = countOff(seq, isSettled);
    // Where the layout has changed since, another lane has taken its place, and which is not known yet.
    const lanes = lane.isClosed ? road.lanes : [lane];
    if (verdict === "stored") {
      spool.remove(event, road.destinationId);
      lane.change({ is: "relayed" }, time.now());
      if (isLast) onRelayed?.(1);
    } else if (verdict === "unacked") {
      for (const one of lanes) one.rewind(seq);
      lane.change({ is: "unacked" }, time.now());
    } else if (verdict === "busy") {
      for (const one of lanes) one.putOff(seq, time.now() + BUSY_MS);
    }
    onFree(lanes);
  }

  /** Counts one copy of an event that comes off the wire; true when none of the event is left in the spool. */
  function countOff(seq: number, isSettled: boolean): boolean {
    const counts = sent.get(seq);
    if (counts === undefined) return false;
    if (isSettled) counts.left--;
    if (--counts.copies === 0) sent.delete(seq);
    return counts.left === 0;
  }

  /**
   * A copy that its stream will never take is an operator's to decide on. False when the quarantine has no room for it: it
   * stays, and is passed over.
   */
  function giveUp(road: Road, event: SpooledEvent, reason: string): boolean {
    const { destinationId: destination } = road;
    const isKept = spool.quarantine(event, destination, reason);
    const says = isKept
      ? "a stream refuses a spooled event for good: it is in quarantine"
      : "the quarantine is full: an event that a stream refuses for good stays in the spool";
    rarely(`${says} ${destination} ${reason}`, () =>
      log.error(says, { event: event.id, destination, reason }),
    );
    if (!isKept) road.isStuck = true;
    return isKept;
  }

  return (road, lane, event) => {
    const { destinationId } = road;
    const { seq, type, payload } = event;
    const address = event.routes.find((route) => route.destinationId === destinationId);
    if (address === undefined || road.inFlight.has(seq) || lane.isPutOff(seq)) return;
    const route = routeAgain(layout(), { destinationId, subject: address.subject, type, payload });
    if (route.stream !== lane.route.stream) return;
    const counts = sent.get(seq) ?? { copies: 0, left: event.routes.length };
    sent.set(seq, counts);
    counts.copies++;
    road.inFlight.add(seq);
    lane.inFlight++;
    lane.inFlightBytes += payload.length;
    const outgoing = { ...event, routes: [route] };
    const onVerdict = (_route: number, verdict: Verdict, reason: string) =>
      finish(road, lane, event, verdict, reason);
    publisher.publish({ outgoing, onVerdict }, 0, DEADLINE_MS);
  };
}
