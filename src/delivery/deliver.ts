// The choice for each copy of an event: to its stream, into the spool, or into quarantine. All that can be refused is
// refused before anything is sent, so that a client that tries again makes no twins.
import type { Layout } from "../config/layout.ts";
import type { Route } from "../config/subject.ts";
import { createRarely, type DeliveryLog, reasonOf } from "./log.ts";
import { PendingAcks } from "./nats/pending.ts";
import type { Publisher } from "./nats/publisher.ts";
import type { Delivered, Outgoing } from "./outgoing.ts";
import { type Copy, copiesFor } from "./spool/addition.ts";
import type { Spool } from "./spool/spool.ts";

/** Is told the fate of an event, once; nobody reads its payload after that. */
export type Settle = (delivered: Delivered) => void;

/** What the choice is made of. */
export interface DeliverOptions {
  readonly spool: Pick<Spool, "append" | "hasShareFor" | "quarantineIsFull" | "state">;
  /** Null without NATS: everything is spooled. */
  readonly publisher: Pick<Publisher, "state" | "takes" | "tooLarge" | "hasRoom" | "publish"> | null;
  /** The layout of this moment. */
  readonly layout: () => Layout;
  /** True once nothing is taken any more. */
  readonly isClosed: () => boolean;
  readonly log: DeliveryLog;
  /** Told of a copy that has come into the spool. */
  readonly onSpooled: (destinationId: string) => void;
  /** Told that an event is refused because this destination's backlog is over its share of the spool. */
  readonly onRefused: (destinationId: string) => void;
}

/** How long a client waits for its acks before the event is spooled: longer than a slow stream takes, not a dead one. */
const ACK_DEADLINE_MS = 2000;
const NONE: readonly Copy[] = [];

/** An event whose messages are on the wire. */
interface Waiting {
  readonly settle: Settle;
  /** The copies that were not sent. */
  readonly held: readonly Copy[];
}

/** Creates what takes events; it calls `settle` once for each and never throws. */
export function createDeliver(options: DeliverOptions): (outgoing: Outgoing, settle: Settle) => void {
  const { spool, publisher, layout, isClosed, log, onSpooled, onRefused } = options;
  const rarely = createRarely(10_000);

  /** Whether all copies go out now: nearly always, and nothing is made for it. */
  function takesAll(outgoing: Outgoing): boolean {
    if (publisher === null || !hasRoomFor(outgoing)) return false;
    for (const route of outgoing.routes) {
      if (publisher.tooLarge(outgoing, route) !== null || !publisher.takes(route)) return false;
    }
    return true;
  }

  function hasRoomFor({ routes, payload }: Outgoing): boolean {
    return publisher?.hasRoom(routes.length, routes.length * payload.length) ?? false;
  }

  /** The copies that must not be sent now, each with its reason where its stream will never take it. */
  function holdBack(outgoing: Outgoing): readonly Copy[] {
    if (takesAll(outgoing)) return NONE;
    const canSend = hasRoomFor(outgoing);
    const waiting = copiesFor(outgoing.routes);
    const held: Copy[] = [];
    for (const copy of waiting) {
      const quarantine = publisher?.tooLarge(outgoing, copy.route) ?? null;
      if (quarantine === null && canSend && publisher?.takes(copy.route)) continue;
      held.push(quarantine === null ? copy : { ...copy, quarantine });
    }
    // The spool does less for copies that are one object for all events of a source.
    return held.length === waiting.length && !held.some(isForQuarantine) ? waiting : held;
  }

  /** Whether all of these can be kept. The others are not sent otherwise. */
  function hasPlaceFor(held: readonly Copy[], outgoing: Outgoing): boolean {
    const refused = held.filter((copy) => isOverShare(copy, outgoing));
    for (const { route } of refused) refuse(route.destinationId);
    if (refused.length > 0) return false;
    if (spool.quarantineIsFull && held.some(isForQuarantine)) {
      rarely("quarantine", () =>
        log.error("the quarantine is full: an event that a stream refuses for good is answered 503"),
      );
      return false;
    }
    return held.length === outgoing.routes.length || spool.state === "open";
  }

  /** Room is left for who takes copies: for nobody while NATS is away, nor beside a single destination. */
  function isOverShare({ route, quarantine }: Copy, { payload }: Outgoing): boolean {
    if (quarantine !== null || publisher?.state !== "up" || layout().destinations.size <= 1) return false;
    return !spool.hasShareFor(route.destinationId, payload.length);
  }

  function refuse(destination: string): void {
    onRefused(destination);
    rarely(`share ${destination}`, () =>
      log.error("a destination's backlog is over its share of the spool: its events are refused", {
        destination,
      }),
    );
  }

  function send(outgoing: Outgoing, held: readonly Copy[], settle: Settle): void {
    const { routes } = outgoing;
    const acks = new PendingAcks<Waiting>(outgoing, routes.length - held.length, { settle, held }, onSettled);
    // They are in the order of the routes.
    let next = 0;
    for (let index = 0; index < routes.length; index++) {
      if (held[next]?.route === routes[index]) next++;
      else publisher?.publish(acks, index, ACK_DEADLINE_MS);
    }
  }

  function onSettled({ outgoing, context, unacked, rejected }: PendingAcks<Waiting>): void {
    const { settle, held } = context;
    if (held.length + unacked.length + rejected.length === 0) {
      answer(settle, "published");
      return;
    }
    const copies = [
      ...held,
      ...unacked.map((route): Copy => ({ route, mayBeStored: true, quarantine: null })),
      ...rejected.map(({ route, reason }): Copy => ({ route, mayBeStored: false, quarantine: reason })),
    ];
    keep(outgoing, copies, settle);
  }

  function keep(outgoing: Outgoing, copies: readonly Copy[], settle: Settle): void {
    for (const { route, quarantine } of copies) {
      if (quarantine !== null) tellRefusal(outgoing, route, quarantine);
    }
    spool.append(outgoing, copies, (isSafe) => {
      if (!isSafe) return answer(settle, "failed");
      answer(settle, copies.some(isForQuarantine) ? "quarantined" : "spooled");
      for (const { route, quarantine } of copies) {
        if (quarantine === null) onSpooled(route.destinationId);
      }
    });
  }

  function tellRefusal({ id: event }: Outgoing, { destinationId: destination }: Route, reason: string): void {
    rarely(`${destination} ${reason}`, () =>
      log.error("a stream refuses an event for good: it is in quarantine", { event, destination, reason }),
    );
  }

  function answer(settle: Settle, delivered: Delivered): void {
    try {
      settle(delivered);
    } catch (error) {
      // A fault in one answer must not end the loop over all acks.
      log.error("an answer failed by a fault of the gateway", { reason: reasonOf(error) });
    }
  }

  return (outgoing, settle) => {
    if (isClosed()) return answer(settle, "failed");
    const { routes } = outgoing;
    // No destination takes the type: nothing is to be kept, in the spool least of all.
    if (routes.length === 0) return answer(settle, "published");
    const held = holdBack(outgoing);
    if (held.length === routes.length && held.every(isForQuarantine)) return answer(settle, "tooLarge");
    if (held.length > 0 && !hasPlaceFor(held, outgoing)) return answer(settle, "failed");
    if (held.length === routes.length) keep(outgoing, held, settle);
    else send(outgoing, held, settle);
  };
}

function isForQuarantine({ quarantine }: Copy): boolean {
  return quarantine !== null;
}
