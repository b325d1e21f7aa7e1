// Brings the copies in a spool to their streams beside new traffic: a lane for each destination and stream, oldest first
// within it, and the lanes in turn. A lane whose gate is shut sends the one copy that it may, and holds up no other.
import type { Layout } from "../config/layout.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Lane } from "./lane.ts";
import type { DeliveryLog } from "./log.ts";
import type { Publisher } from "./nats/publisher.ts";
import { type Road, Roads } from "./road.ts";
import { createSending } from "./sending.ts";
import type { Spool } from "./spool/spool.ts";

/** Brings the copies of one spool to their streams until it is stopped. */
export interface Relay {
  /** Says that there may be something to do: for a destination, or for any of them. */
  wake(destinationId?: string): void;
  /** The layout is another one: each copy may go elsewhere now. */
  layOut(): void;
  stop(): void;
}

/** From where to where, and who hears of it. */
export interface RelayOptions {
  readonly spool: Pick<Spool, "backlogs" | "read" | "remove" | "quarantine" | "quarantineIsFull">;
  readonly publisher: Pick<Publisher, "permit" | "hasRoom" | "publish">;
  /** Where copies go at this moment. */
  readonly layout: () => Layout;
  readonly log: DeliveryLog;
  readonly time: Clock;
  /** Called with the number of events whose last copy has left the spool for its stream. */
  readonly onRelayed: ((events: number) => void) | undefined;
}

/** What all lanes together may have on the wire; each has its share of it, so that a slow one leaves the others theirs. */
const MAX_IN_FLIGHT = 16_384;
const MAX_IN_FLIGHT_BYTES = 16 * 1024 * 1024;
/** What one lane may have, however few there are. */
const MAX_LANE_BYTES = 4 * 1024 * 1024;
/** Copies that one lane puts off at a time; with more of them it waits. */
const MAX_BUSY = 512;
/** Rows of one event-loop turn: about 0.5 ms, so that new requests are not kept waiting. */
const MAX_STEP = 64;
/** A turn of a lane costs a query, however few rows it finds. */
const MAX_LANES_A_STEP = 16;
const MIN_TURN = 8;
/** Looks whether there is something to do even when nothing has woken it. */
const TICK_MS = 500;

/** Starts at once, and stays awake: it looks twice a second. */
export function createRelay(options: RelayOptions): Relay {
  const { spool, publisher, layout, log, time, onRelayed } = options;
  const roads = new Roads(layout);
  const onFree = (lanes: readonly Lane[]) => lanes.forEach(ask);
  const send = createSending({ spool, publisher, layout, log, time, onRelayed, onFree });
  /** Lanes that may have something to send, in the order of their turns. */
  const ready = new Set<Lane>();
  let isScheduled = false;
  /** Woken for any destination: looked at once a turn, however many gates have news in it. */
  let mustLook = false;
  let isStopped = false;
  const stopTicking = time.every(TICK_MS, look);

  function ask(lane: Lane): void {
    ready.add(lane);
    schedule();
  }

  function schedule(): void {
    if (isScheduled || isStopped) return;
    isScheduled = true;
    setImmediate(step);
  }

  /** Every destination that has a backlog gets its turn; those that have none any more are forgotten. */
  function look(): void {
    mustLook = false;
    const backlogs = spool.backlogs();
    roads.prune((destinationId) => backlogs.has(destinationId));
    for (const destinationId of backlogs.keys()) askAnew(destinationId);
  }

  function askAnew(destinationId: string): void {
    for (const lane of roads.to(destinationId).lanes) {
      lane.reopen();
      ask(lane);
    }
  }

  function step(): void {
    isScheduled = false;
    if (isStopped) return;
    if (mustLook) look();
    let rows = 0;
    let turns = 0;
    const share = Math.max(MIN_TURN, Math.ceil(MAX_STEP / ready.size));
    for (const lane of ready) {
      ready.delete(lane);
      if (lane.isClosed) continue;
      rows += takeTurn(lane, Math.min(share, MAX_STEP - rows));
      if (rows >= MAX_STEP || ++turns >= MAX_LANES_A_STEP) break;
    }
    if (ready.size > 0) schedule();
  }

  /** Sends what a lane may send now, of up to `limit` rows; returns how many it has read. */
  function takeTurn(lane: Lane, limit: number): number {
    const road = roads.to(lane.route.destinationId);
    lane.takeDue(time.now());
    sleep(lane, lane.dueMs);
    const room = roomOf(lane);
    const most = room > 0 ? Math.min(permitted(lane), room, limit) : 0;
    if (most <= 0) return 0;
    const events = lane.read(spool, most);
    for (const event of events) send(road, lane, event);
    if (events.length > 0) ask(lane);
    else endPass(road);
    return events.length;
  }

  /** How many copies a lane may send as far as its gates and the wire allow; where none, its next turn is seen to. */
  function permitted(lane: Lane): number {
    const { notBeforeMs } = lane.pace;
    if (notBeforeMs > time.now()) {
      sleep(lane, notBeforeMs);
      return 0;
    }
    const permit = publisher.permit(lane.route);
    if (permit.is === "none") {
      sleep(lane, permit.untilMs);
      return 0;
    }
    // What is left of the wire is for new events.
    if (!publisher.hasRoom(MAX_IN_FLIGHT, MAX_IN_FLIGHT_BYTES)) return 0;
    return permit.is === "one" ? 1 : Number.POSITIVE_INFINITY;
  }

  function sleep(lane: Lane, untilMs: number): void {
    lane.sleep(untilMs, time, () => ask(lane));
  }

  /** How many copies more a lane may have on the wire; one at least where it has none there. */
  function roomOf({ route, pace, inFlight, inFlightBytes, busy }: Lane): number {
    const messages = Math.floor(MAX_IN_FLIGHT / roads.lanes);
    const bytes = Math.min(MAX_LANE_BYTES, MAX_IN_FLIGHT_BYTES / roads.lanes);
    const backlog = spool.backlogs().get(route.destinationId);
    const average = backlog === undefined ? 1 : Math.max(1, backlog.bytes / backlog.copies);
    const share = Math.min(messages - inFlight, Math.floor((bytes - inFlightBytes) / average));
    const least = inFlight === 0 ? 1 : 0;
    return Math.min(pace.window - inFlight, MAX_BUSY - busy, Math.max(least, share));
  }

  /** What is left although all has been read, such as a copy that was put back, is looked for again after a while. */
  function endPass(road: Road): void {
    const { lanes, destinationId, isStuck, isAtEnd, cancelPass } = road;
    if (cancelPass !== null || !isAtEnd || !spool.backlogs().has(destinationId)) return;
    if (isStuck && spool.quarantineIsFull) return;
    for (const lane of lanes) lane.change({ is: "passed" }, time.now());
    const pauseMs = Math.min(...lanes.map(({ pace }) => pace.pauseMs));
    road.cancelPass = time.after(pauseMs, () => {
      road.cancelPass = null;
      road.rewind();
      road.lanes.forEach(ask);
    });
  }

  return {
    wake: (destinationId) => {
      if (destinationId !== undefined) return askAnew(destinationId);
      mustLook = true;
      schedule();
    },
    layOut: () => {
      roads.layOutAll();
      look();
    },
    stop: () => {
      isStopped = true;
      roads.close();
      stopTicking();
    },
  };
}
