// Publishes messages to their streams and reports what became of each. Knows no spool: whoever publishes decides what an
// `unacked` message needs.
import { createInbox } from "nats";
import type { Layout } from "../../config/layout.ts";
import { type Route, rejectedSubject } from "../../config/subject.ts";
import { arena, encodePayload } from "../../pixel/payload.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Finding } from "../finding.ts";
import type { Gate } from "../gate.ts";
import { createRarely, type DeliveryLog, reasonOf } from "../log.ts";
import type { Outgoing } from "../outgoing.ts";
import { createConnection } from "./connection.ts";
import { type DestinationGate, Gates, type NamedGate, NONE, type Permit, type Way } from "./gates.ts";
import { type HealthEvent, NO_CONNECTION, nextHealth } from "./health.ts";
import { Outlet } from "./outlet.ts";
import { type OpenFastPath, openPath } from "./path.ts";
import type { NatsOptions } from "./servers.ts";
import { whyCopyTooLarge } from "./size.ts";
import { createTelling, type PublisherState } from "./telling.ts";
import { createVerdicts, SWEEP_MS } from "./verdicts.ts";
import { createWatches } from "./watches.ts";
import { type AckListener, InFlightWindow } from "./window.ts";

/** Where the streams are, and who hears of it. */
export interface PublisherOptions {
  readonly nats: NatsOptions;
  readonly layout: Layout;
  /** Bytes of the largest event there can be, for a warning where a stream takes less; null where that is not known. */
  readonly largestEventBytes?: number | null;
  readonly log: DeliveryLog;
  readonly time: Clock;
  /** From 0 up to 1, for back-offs; chance by default. */
  readonly random?: () => number;
  /** Called after each change; `up` is also told when a connection comes back. */
  readonly onState: (state: PublisherState) => void;
  /**
   * Called when more may be published than before: a gate is open, or a copy may try it. Not called when the time of a
   * permit has come: its owner knows that one.
   */
  readonly onNews: () => void;
  /** Whether copies of a destination wait in a spool; false by default. Asked only for gates that are shut. */
  readonly hasBacklog?: (destinationId: string) => boolean;
  /** Default: the short cuts of the client. A test gives none. */
  readonly openFastPath?: OpenFastPath | undefined;
  /** Time from publish to ack in milliseconds. */
  readonly onAck: ((latencyMs: number) => void) | undefined;
}

/** The way to the streams, as far as there is one now. */
export interface Publisher {
  readonly state: PublisherState;
  readonly inFlight: number;
  readonly inFlightBytes: number;
  /** Whether the window takes so many messages more, of so many bytes in total. */
  hasRoom(messages: number, bytes: number): boolean;
  /** Takes another layout: the configuration file has changed. */
  use(layout: Layout): void;
  /** Whether a client's copy may go out now: connected, and both gates open, or shut with nobody else to try them. */
  takes(route: Route): boolean;
  /** What a relay may send of the route's destination now. */
  permit(route: Route): Permit;
  /** Why a copy will never be taken, as far as limits are known, else null. A limit that it is over is looked up again. */
  tooLarge(outgoing: Outgoing, route: Route): string | null;
  /**
   * Publishes one route of an event; its listener hears the verdict within `deadlineMs`, perhaps before this returns. What
   * may be published is for `takes` and `permit` to say: this asks neither.
   */
  publish(listener: AckListener, route: number, deadlineMs: number): void;
  /** Publishes the record of a refused request, which is JSON, unless there are too many of them. */
  publishRejected(sourceId: string, record: string): void;
  /** Each configured destination as it is now, and those of which only copies in a spool are left. */
  destinations(): readonly DestinationGate[];
  /** What is wrong or unusual with the streams. */
  findings(): readonly Finding[];
  /** Looks at the streams again soon. */
  recheck(): void;
  /** Reports everything in flight as unacked and ends the connection. */
  close(): Promise<void>;
}

/** A power of two, several seconds of peak: the requests that wait are bounded by the open sockets long before. */
const MAX_IN_FLIGHT = 65_536;
const MAX_IN_FLIGHT_BYTES = 64 * 1024 * 1024;
/** Silent for so long, JetStream is asked for a sign of life: a stream that never acks does not cost the connection. */
const ASK_MS = 3000;

/** Connects in the background, and publishes while it can. */
export function createPublisher(options: PublisherOptions): Publisher {
  const { log, time } = options;
  const rarely = createRarely(10_000, time);
  const window = new InFlightWindow<Way>(MAX_IN_FLIGHT, MAX_IN_FLIGHT_BYTES);
  let { layout } = options;
  let health = NO_CONNECTION;
  let inbox = "";
  let maxPayload: number | null = null;
  const telling = createTelling({ log, time, onState: options.onState });
  const outlet = new Outlet(time);
  const stopSweeping = time.every(SWEEP_MS, sweep);
  const gates = new Gates(layout, {
    time,
    random: options.random ?? Math.random,
    hasBacklog: options.hasBacklog ?? (() => false),
    onChange: onGate,
  });
  const watches = createWatches({
    ...options,
    gates,
    maxPayload: () => maxPayload,
    onAnswered,
  });
  const verdicts = createVerdicts({ window, gates, watches, log, time, onAnswered, onAck: options.onAck });

  const connection = createConnection(options.nats, log, time, {
    onConnected: (fresh) => {
      inbox = `${createInbox()}.`;
      maxPayload = fresh.info?.max_payload ?? null;
      outlet.open(openPath(fresh, inbox, verdicts.takeStored, warnOfShape, options.openFastPath));
      fresh.subscribe(`${inbox}*`, {
        callback: (error, message) => {
          if (error !== null) deafen(reasonOf(error));
          else verdicts.take(Number(message.subject.slice(inbox.length)), message);
        },
      });
      // Before anybody may publish: nothing goes to a stream before it is looked up.
      watches.begin(fresh);
      change({ is: "connected" }, "");
      gates.tellAll("destination", { is: "news" });
    },
    onLimits: (bytes) => {
      maxPayload = bytes;
      watches.recheck();
    },
    onLost: (reason) => {
      outlet.close();
      watches.end();
      change({ is: "lost" }, reason);
      verdicts.abandon(reason);
    },
    onDenied: verdicts.deny,
  });

  function warnOfShape(): void {
    rarely("shape", () =>
      log.warn("the NATS client has another shape than expected: events take its public, slower way"),
    );
  }

  function deafen(reason: string): void {
    rarely("inbox", () => log.error("Cannot receive acks from NATS", { reason }));
    change({ is: "deaf" }, "acks cannot be received");
    // Nobody needs to wait for what cannot come.
    verdicts.abandon("acks cannot be received");
  }

  function onAnswered(): void {
    if (health.silentSinceMs !== null) change({ is: "answered" }, "");
  }

  /** Tells the health what has happened, and those who asked what has become of it; `reason` is for the log. */
  function change(event: HealthEvent, reason: string): void {
    const before = health;
    health = nextHealth(before, event, time.now());
    if (health.phase !== before.phase) tellState(reason);
  }

  function tellState(reason: string): void {
    telling.tellState(health.phase, gates.hasOpen, reason);
  }

  function onGate(one: NamedGate, before: Gate): void {
    const { phase, reason } = one.gate;
    if (health.phase === "up") telling.tellGate(one);
    // Whether any destination is open is for all of them to say: asked only where the answer may be another.
    if ((phase === "open") !== (before.phase === "open")) tellState(reason);
    if (phase !== "probing" && phase !== "barred" && before.phase !== "open") options.onNews();
  }

  function sweep(): void {
    verdicts.sweep();
    const { silentSinceMs, phase } = health;
    if (silentSinceMs !== null && time.now() - silentSinceMs > ASK_MS) watches.recheck();
    const why = phase === "deaf" ? "acks cannot be received" : "no answer from JetStream";
    change({ is: "tick" }, why);
    if (phase !== "down" && health.phase === "down") connection.drop(why);
  }

  return {
    get state() {
      return telling.state;
    },
    get inFlight() {
      return window.count;
    },
    get inFlightBytes() {
      return window.bytes;
    },
    hasRoom: (messages, bytes) => window.hasRoom(messages, bytes),
    use: (next) => {
      layout = next;
      gates.use(next);
      watches.use(next);
      tellState("the configuration has changed");
    },
    takes: (route) => health.phase === "up" && gates.takes(route),
    permit: (route) => (health.phase === "up" ? gates.permit(route) : NONE),
    tooLarge: (outgoing, route) => {
      const { stream } = gates.wayOf(route);
      const why = whyCopyTooLarge(outgoing, route, inbox, maxPayload, stream.maxMessageBytes);
      if (why !== null) watches.recheck(stream.name);
      return why;
    },
    publish: (listener, route, deadlineMs) => {
      const { outgoing } = listener;
      const target = outgoing.routes[route];
      if (target === undefined || !outlet.isOpen) return listener.onVerdict(route, "unacked", "NATS is down");
      const way = gates.wayOf(target);
      // The stream says for itself what it does not take: its limit may be another one than when it was looked up.
      const why = whyCopyTooLarge(outgoing, target, inbox, maxPayload, null);
      if (why !== null) return listener.onVerdict(route, "rejected", why);
      if (way.stream.gate.phase === "barred") {
        return listener.onVerdict(route, "unacked", way.stream.gate.reason);
      }
      if (watches.loses(way.stream.name, target.subject)) return verdicts.refuse(listener, route, way);
      const now = time.now();
      const number = window.add(listener, route, way, now, now + deadlineMs);
      if (number === 0) return listener.onVerdict(route, "unacked", "too many messages in flight");
      if (health.silentSinceMs === null) change({ is: "sent" }, "");
      if (!gates.areAllOpen) gates.probe(way, now);
      outlet.publish(outgoing, target, number);
    },
    publishRejected: (sourceId, record) => {
      if (health.phase !== "up" || gates.stream(layout.defaultStream).gate.phase !== "open") return;
      const payload = encodePayload(record);
      if (maxPayload !== null && payload.length > maxPayload) return;
      outlet.publishSome(rejectedSubject(layout.prefix, sourceId), payload);
      arena.release(payload);
    },
    destinations: () => gates.destinations(),
    findings: () => [...watches.findings(), ...verdicts.findings()],
    recheck: () => watches.recheck(),
    close: async () => {
      stopSweeping();
      outlet.flush();
      await connection.close();
    },
  };
}
