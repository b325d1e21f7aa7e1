// A spool in memory and a way to streams that answers when the test says so: the relay's parts, without disk and wire.
import type { Layout } from "../../src/config/layout.ts";
import type { Route } from "../../src/config/subject.ts";
import type { AckListener, Verdict } from "../../src/delivery/nats/window.ts";
import { createRelay, type RelayOptions } from "../../src/delivery/relay.ts";
import type { SpooledEvent } from "../../src/delivery/spool/row.ts";
import { createHandClock } from "./clock.ts";
import { afterTest, event, recordLog } from "./parts.ts";

/** A layout with these destinations, each with the names of its streams; without any in the default stream. */
export function layoutOf(destinations: Readonly<Record<string, readonly string[]>>): Layout {
  return {
    prefix: "pixel",
    defaultStream: "PIXEL",
    streams: new Map(),
    destinations: new Map(
      Object.entries(destinations).map(([id, streams]) => [
        id,
        { id, streams: streams.length === 0 ? ["PIXEL"] : streams, types: [] },
      ]),
    ),
  };
}

interface Row {
  readonly event: SpooledEvent;
  readonly mayBeStored: boolean;
  /** Destinations that still want it. */
  readonly left: Set<string>;
}

interface AddedFields {
  readonly mayBeStored?: boolean;
  /** False for one whose row does not say where it goes. */
  readonly isRouted?: boolean;
  readonly seq?: number;
  readonly payload?: string;
  readonly partition?: number;
}

/** A spool without a file. What it is asked to read is noted. */
function createMemorySpool() {
  const rows = new Map<number, Row>();
  const quarantined: string[] = [];
  const reads: { destinationId: string; afterSeq: number }[] = [];
  let last = 0;
  let looks = 0;
  let quarantineIsFull = false;

  const spool: RelayOptions["spool"] = {
    get quarantineIsFull() {
      return quarantineIsFull;
    },
    backlogs: () => {
      looks++;
      const backlogs = new Map<string, { copies: number; bytes: number; oldestAtMs: number | null }>();
      for (const { event, left } of rows.values()) {
        for (const id of left) {
          const { copies, bytes } = backlogs.get(id) ?? { copies: 0, bytes: 0 };
          backlogs.set(id, { copies: copies + 1, bytes: bytes + event.payload.length, oldestAtMs: 0 });
        }
      }
      return backlogs;
    },
    read: ({ destinationId, afterSeq, limit, onlyMaybeStored = false }) => {
      if (!onlyMaybeStored) reads.push({ destinationId, afterSeq });
      return [...rows.values()]
        .filter(({ event, left, mayBeStored }) => {
          const isWanted = mayBeStored || !onlyMaybeStored;
          return event.seq > afterSeq && left.has(destinationId) && isWanted;
        })
        .slice(0, limit)
        .map(({ event }) => event);
    },
    remove: ({ seq }, destinationId) => take(seq, destinationId),
    quarantine: ({ seq, id }, destinationId, reason) => {
      if (quarantineIsFull) return false;
      quarantined.push(`${id}.${destinationId}: ${reason}`);
      take(seq, destinationId);
      return true;
    },
  };

  function take(seq: number, destinationId: string): void {
    const row = rows.get(seq);
    row?.left.delete(destinationId);
    if (row?.left.size === 0) rows.delete(seq);
  }

  /** Puts an event in for these destinations, at a sequence of its own or the next one. */
  function add(id: string, destinationIds: readonly string[], fields: AddedFields = {}) {
    const { mayBeStored = false, isRouted = true, seq = ++last, payload = "{}", partition } = fields;
    const end = partition === undefined ? "page" : `page.${partition}`;
    const routes = (isRouted ? destinationIds : []).map((destinationId) => ({
      destinationId,
      subject: `pixel.${destinationId}.${end}`,
    }));
    const spooled: SpooledEvent = { ...event(id, { payload }), routes, seq, spooledAtMs: 0 };
    rows.set(seq, { event: spooled, mayBeStored, left: new Set(destinationIds) });
  }

  return {
    spool,
    add,
    reads,
    quarantined,
    /** How often its backlogs were asked for. */
    looks: () => looks,
    /** The ids that a destination still waits for. */
    left: (destinationId: string) =>
      spool
        .read({ destinationId, afterSeq: 0, limit: 1_000_000, onlyMaybeStored: false })
        .map(({ id }) => id),
    fillQuarantine: (isFull: boolean) => {
      quarantineIsFull = isFull;
    },
  };
}

interface OnTheWire {
  readonly listener: AckListener;
  readonly route: Route;
}

type Permit = ReturnType<RelayOptions["publisher"]["permit"]>;

/** Streams whose answers and gates are the test's: every gate is open until it says otherwise. */
function createScriptedStreams() {
  let waiting: OnTheWire[] = [];
  const permits = new Map<string, Permit>();
  const published: string[] = [];
  const subjects: string[] = [];
  let asked = 0;
  let hasRoom = true;

  const publisher: RelayOptions["publisher"] = {
    hasRoom: () => hasRoom,
    permit: ({ destinationId, stream }) => {
      asked++;
      return permits.get(destinationId) ?? permits.get(stream) ?? { is: "many" };
    },
    publish: (listener, index) => {
      const route = listener.outgoing.routes[index];
      if (route === undefined) throw new Error("The relay publishes a route that there is not");
      published.push(`${listener.outgoing.id}.${route.destinationId}`);
      subjects.push(route.subject);
      const gate = [route.destinationId, route.stream].find((key) => permits.get(key)?.is === "one");
      if (gate !== undefined) permits.set(gate, { is: "none", untilMs: Number.POSITIVE_INFINITY });
      waiting.push({ listener, route });
    },
  };

  return {
    publisher,
    /** Every message so far, as `<event>.<destination>`. */
    published,
    /** Where each of them went. */
    subjects,
    /** Those without an answer. */
    inFlight: (destinationId?: string) =>
      waiting.filter(({ route }) => destinationId === undefined || route.destinationId === destinationId)
        .length,
    asked: () => asked,
    /** Sets the gate of a destination or a stream. */
    gate: (key: string, permit: Permit) => void permits.set(key, permit),
    fill: (isFull: boolean) => {
      hasRoom = !isFull;
    },
    /** Answers what waits: all of it, or what is for one destination or one stream. */
    answer(verdict: Verdict, key?: string, reason = "") {
      const isMeant = ({ route }: OnTheWire) =>
        key === undefined || route.destinationId === key || route.stream === key;
      const answered = waiting.filter(isMeant);
      waiting = waiting.filter((one) => !isMeant(one));
      for (const { listener } of answered) listener.onVerdict(0, verdict, reason);
    },
  };
}

/** A relay between the two, on a clock that the test turns. */
export function openRelay(layout: Layout) {
  const memory = createMemorySpool();
  const streams = createScriptedStreams();
  const time = createHandClock();
  const log = recordLog();
  let current = layout;
  let relayed = 0;
  const relay = createRelay({
    spool: memory.spool,
    publisher: streams.publisher,
    layout: () => current,
    log,
    time,
    onRelayed: (events) => {
      relayed += events;
    },
  });
  afterTest(relay.stop);
  return {
    ...memory,
    ...streams,
    relay,
    time,
    log,
    relayed: () => relayed,
    use: (next: Layout) => {
      current = next;
      relay.layOut();
    },
  };
}

/** Lets the event loop turn until nothing that is scheduled for its next turns is left. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
}
