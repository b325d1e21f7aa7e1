// The choice between parts that take notes: a spool that keeps what it is given, and streams that answer when the test
// says so.
import { createDeliver, type DeliverOptions } from "../../src/delivery/deliver.ts";
import type { PublisherState } from "../../src/delivery/nats/telling.ts";
import type { AckListener, Verdict } from "../../src/delivery/nats/window.ts";
import type { Delivered, Outgoing } from "../../src/delivery/outgoing.ts";
import { event, recordLog } from "./parts.ts";
import { layoutOf } from "./relayparts.ts";

/** How the parts behave; everything goes well unless it says otherwise. */
export interface World {
  /** Destinations and streams whose gate is shut. */
  readonly shut: Set<string>;
  /** Destinations that take no message of any size. */
  readonly tooSmall: Set<string>;
  /** Destinations whose backlog is over its share. */
  readonly overShare: Set<string>;
  quarantineIsFull: boolean;
  spoolState: "open" | "full" | "failing";
  /** Whether the spool can keep what it is given. */
  isSafe: boolean;
  hasRoom: boolean;
  isClosed: boolean;
  nats: PublisherState;
}

/** An event for these destinations, in the stream of each of the same name in capitals. */
export function eventFor(id: string, destinationIds: readonly string[]): Outgoing {
  return event(id, {
    routes: destinationIds.map((destinationId) => ({
      destinationId,
      subject: `pixel.${destinationId}.page`,
      stream: destinationId.toUpperCase(),
    })),
  });
}

/** Opens the choice for destinations a, b and c; without NATS when `withNats` is false. */
export function openDeliver({ withNats = true, destinations = ["a", "b", "c"] } = {}) {
  const world: World = {
    shut: new Set(),
    tooSmall: new Set(),
    overShare: new Set(),
    quarantineIsFull: false,
    spoolState: "open",
    isSafe: true,
    hasRoom: true,
    isClosed: false,
    nats: "up",
  };
  const published: string[] = [];
  /** Each append, a word a copy: `<destination>`, with `?` where it may be stored, with its reason in quarantine. */
  const kept: string[][] = [];
  const woken: string[] = [];
  const refused: string[] = [];
  let waiting: { listener: AckListener; index: number; destinationId: string; deadlineMs: number }[] = [];
  const log = recordLog();

  const publisher: NonNullable<DeliverOptions["publisher"]> = {
    get state() {
      return world.nats;
    },
    takes: ({ destinationId, stream }) => !world.shut.has(destinationId) && !world.shut.has(stream),
    tooLarge: (_outgoing, { destinationId }) => (world.tooSmall.has(destinationId) ? "too large" : null),
    hasRoom: () => world.hasRoom,
    publish: (listener, index, deadlineMs) => {
      const destinationId = listener.outgoing.routes[index]?.destinationId ?? "";
      published.push(`${listener.outgoing.id}.${destinationId}`);
      waiting.push({ listener, index, destinationId, deadlineMs });
    },
  };
  const spool: DeliverOptions["spool"] = {
    append: (_event, copies, done) => {
      kept.push(
        copies.map(({ route, mayBeStored, quarantine }) => {
          const end = quarantine === null ? "" : `: ${quarantine}`;
          return `${route.destinationId}${mayBeStored ? "?" : ""}${end}`;
        }),
      );
      done(world.isSafe);
    },
    hasShareFor: (destinationId) => !world.overShare.has(destinationId),
    get quarantineIsFull() {
      return world.quarantineIsFull;
    },
    get state() {
      return world.spoolState;
    },
  };
  const deliver = createDeliver({
    spool,
    publisher: withNats ? publisher : null,
    layout: () => layoutOf(Object.fromEntries(destinations.map((id) => [id, [id.toUpperCase()]]))),
    isClosed: () => world.isClosed,
    log,
    onSpooled: (destinationId) => void woken.push(destinationId),
    onRefused: (destinationId) => void refused.push(destinationId),
  });

  return {
    world,
    published,
    kept,
    woken,
    refused,
    log,
    deadlines: () => waiting.map(({ deadlineMs }) => deadlineMs),
    deliver,
    /** Delivers an event; its fates so far are in the list that comes back. */
    send(id: string, destinationIds: readonly string[]): Delivered[] {
      const fates: Delivered[] = [];
      deliver(eventFor(id, destinationIds), (delivered) => void fates.push(delivered));
      return fates;
    },
    /** Answers the messages of these destinations, or all. */
    answer(verdict: Verdict, destinationId?: string, reason = "") {
      const isMeant = (one: { destinationId: string }) =>
        destinationId === undefined || one.destinationId === destinationId;
      const answered = waiting.filter(isMeant);
      waiting = waiting.filter((one) => !isMeant(one));
      for (const { listener, index } of answered) listener.onVerdict(index, verdict, reason);
    },
  };
}
