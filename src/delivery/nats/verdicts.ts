// From an answer, or the want of one, to a message's verdict: tells its gates first and then its listener. Knows no
// connection.
import type { Msg } from "nats";
import type { Clock } from "../../runtime/clock.ts";
import type { Finding } from "../finding.ts";
import { LATE_MS } from "../gate.ts";
import { createRarely, type DeliveryLog } from "../log.ts";
import { messageId } from "../outgoing.ts";
import { type Ack, hasName, readAck } from "./ack.ts";
import { AckFindings } from "./ackfindings.ts";
import { AstrayMessages, GRACE_MS } from "./astray.ts";
import { describeOther, learnAck, type OtherStream, otherThan } from "./expected.ts";
import {
  type Fate,
  OF_DESTINATION,
  OF_MESSAGE,
  OF_STREAM,
  STORED,
  UNANSWERED,
  UNREACHED,
  UNTOLD,
} from "./fate.ts";
import type { Gates, NamedGate, Way } from "./gates.ts";
import { isLook } from "./heard.ts";
import type { Watches } from "./watches.ts";
import type { AckListener, InFlightWindow, Verdict } from "./window.ts";

/** What is in flight, and who hears of it. */
export interface VerdictsOptions {
  readonly window: InFlightWindow<Way>;
  readonly gates: Gates;
  readonly watches: Pick<Watches, "takes" | "missed" | "recheck">;
  readonly log: DeliveryLog;
  readonly time: Clock;
  /** Called for each answer, whatever it says. */
  readonly onAnswered: () => void;
  /** Time from publish to ack in milliseconds. */
  readonly onAck: ((latencyMs: number) => void) | undefined;
}

/** Reads answers. */
export interface Verdicts {
  /** Takes the ack of a stored message by its bytes; false when it is one to read as a whole. */
  takeStored(number: number, bytes: Uint8Array, nameAt: number): boolean;
  /** Takes any answer to the message of that number. */
  take(number: number, message: Msg): void;
  /** Settles a message that is not sent, because it would be acked and not be kept. */
  refuse(listener: AckListener, route: number, way: Way): void;
  /** The server does not let us publish to the subject. */
  deny(subject: string): void;
  /** Everything in flight stays without an answer, by no fault of a stream. */
  abandon(reason: string): void;
  /** Looks for messages whose time is over, and for those that are out for long: to be called every `SWEEP_MS`. */
  sweep(): void;
  /** What the answers have shown of the streams. */
  findings(): Finding[];
}

/** From one sweep to the next. */
export const SWEEP_MS = 200;
const DENIED = "publishing to the subject is not permitted";
const LOST = "the message would be acked and not be kept: see what was found of the stream";
const LATE = "the stream acks later than a client should wait";

/** Creates the reader of answers. */
export function createVerdicts(options: VerdictsOptions): Verdicts {
  const { window, gates, watches, log, time, onAnswered, onAck } = options;
  const rarely = createRarely(10_000, time);
  const findings = new AckFindings(log, time);
  const astray = new AstrayMessages();
  let sweptMs = time.now();
  let wasStalled = false;

  /** What a message's fate says of its stream, and of its destination. */
  function tell({ stream, destination }: Way, about: Fate, sentMs: number): void {
    if (about.refuses !== null) {
      const { reason } = about;
      gates.tell(about.refuses === "stream" ? stream : destination, { is: "refused", reason, sentMs });
    }
    if (about.refuses !== "stream") prove(stream, about.provesStream, sentMs);
    if (about.refuses !== "destination") prove(destination, about.provesDestination, sentMs);
  }

  /** Most of the time the gate is open, and there is nothing to prove. */
  function prove(one: NamedGate, isProof: boolean, sentMs: number): void {
    if (one.gate.phase !== "open") gates.tell(one, { is: isProof ? "answered" : "unproved", sentMs });
  }

  function settle(slot: number, verdict: Verdict, fate: Fate): void {
    astray.take(window.numberAt(slot));
    const way = window.wayAt(slot);
    if (way !== undefined) tell(way, fate, window.sentAt(slot));
    window.settle(slot, verdict, fate.reason, fate.isAnswer);
  }

  function stored(slot: number, way: Way): void {
    const sentMs = window.sentAt(slot);
    onAck?.(time.now() - sentMs);
    const other = astray.take(window.numberAt(slot));
    if (other !== undefined) findings.twice(way.stream.name, other);
    tell(way, STORED, sentMs);
    window.settle(slot, "stored", "", true);
  }

  function take(number: number, message: Msg): void {
    const ack = readAck(message);
    onAnswered();
    const slot = window.slotOf(number);
    const way = window.wayAt(slot);
    const other = way === undefined ? null : otherThan(way.stream, ack);
    if (way === undefined) answeredAgain(number, ack);
    else if (other !== null) goAstray(slot, other);
    else {
      if (ack.is === "stored") learnAck(way.stream, message.data);
      answered(slot, way, ack);
    }
  }

  /** Whether the expected stream answers, too, is for the time to tell. */
  function goAstray(slot: number, other: OtherStream): void {
    astray.add(window.numberAt(slot), other);
    window.hasten(slot, time.now() + GRACE_MS);
  }

  function answered(slot: number, way: Way, ack: Ack): void {
    const outgoing = window.listenerAt(slot)?.outgoing;
    const route = outgoing?.routes[window.routeAt(slot)];
    const subject = route?.subject ?? "";
    const stream = way.stream.name;
    switch (ack.is) {
      case "stored":
        stored(slot, way);
        return;
      case "refused": {
        const { reason, scope, isStreamAway } = ack;
        const isUncovered = isStreamAway && !watches.takes(stream, subject);
        if (isStreamAway) watches.missed(stream, subject);
        if (isUncovered) {
          rarely(`uncovered ${subject}`, () =>
            log.error("the stream does not take the subject", { stream, subject }),
          );
          settle(slot, "unacked", { ...UNREACHED, reason: `the stream does not take "${subject}"` });
        } else settle(slot, "unacked", { ...(scope === "stream" ? OF_STREAM : OF_DESTINATION), reason });
        return;
      }
      case "busy":
        if (outgoing !== undefined && route !== undefined) {
          findings.busy(stream, messageId(outgoing, route));
        }
        settle(slot, "busy", { ...OF_MESSAGE, reason: ack.reason });
        return;
      case "rejected":
        settle(slot, "rejected", { ...OF_MESSAGE, reason: ack.reason });
        // A limit that was not known: the next of its size need not be sent.
        watches.recheck(stream);
    }
  }

  /** Two acks for one message come from two streams; a first one after the deadline proves nothing any more. */
  function answeredAgain(number: number, ack: Ack): void {
    const way = window.wayOfAnswered(number);
    if (way === undefined || ack.is !== "stored" || ack.stream === null) return;
    findings.twice(way.stream.name, { stream: ack.stream, domain: ack.domain });
  }

  return {
    takeStored: (number, bytes, nameAt) => {
      const slot = window.slotOf(number);
      if (slot < 0) {
        if (window.wayOfAnswered(number) !== undefined) return false;
        onAnswered();
        return true;
      }
      const way = window.wayAt(slot);
      const inAck = way?.stream.inAck ?? null;
      if (way === undefined || inAck === null || !hasName(bytes, nameAt, inAck)) return false;
      onAnswered();
      stored(slot, way);
      return true;
    },
    take,
    refuse: (listener, route, way) => {
      const sentMs = time.now();
      if (!gates.areAllOpen) gates.probe(way, sentMs);
      tell(way, { ...UNREACHED, reason: LOST }, sentMs);
      listener.onVerdict(route, "unacked", LOST);
    },
    deny: (subject) => {
      onAnswered();
      // What JetStream is asked is for the look-ups to tell.
      if (!subject.startsWith("$") && !isLook(subject)) {
        rarely(`denied ${subject}`, () =>
          log.error("Cannot publish: the NATS user has no permission for the subject", { subject }),
        );
      }
      const isDenied = (slot: number) =>
        window.listenerAt(slot)?.outgoing.routes[window.routeAt(slot)]?.subject === subject;
      for (const slot of window.find(isDenied)) settle(slot, "unacked", { ...UNREACHED, reason: DENIED });
    },
    abandon: (reason) => {
      for (const slot of window.find(() => true)) settle(slot, "unacked", { ...UNTOLD, reason });
    },
    sweep: () => {
      const now = time.now();
      const isOurs = !wasStalled && now - sweptMs > 2 * SWEEP_MS;
      sweptMs = now;
      wasStalled = isOurs;
      // We have stood still, and acks may wait to be read: they have one more turn before anybody is judged by the time.
      if (isOurs || window.count === 0) return;
      const isOver = (slot: number, deadline: number) => {
        if (now - window.sentAt(slot) >= LATE_MS) late(slot);
        return deadline <= now;
      };
      for (const slot of window.find(isOver)) expire(slot);
    },
    findings: () => findings.list(),
  };

  function expire(slot: number): void {
    const other = astray.take(window.numberAt(slot));
    const stream = window.wayAt(slot)?.stream.name;
    if (other === undefined || stream === undefined) {
      settle(slot, "unacked", { ...UNANSWERED, reason: "no ack in time" });
      return;
    }
    const subject = window.listenerAt(slot)?.outgoing.routes[window.routeAt(slot)]?.subject ?? "";
    findings.elsewhere(stream, other, subject);
    watches.missed(stream, subject);
    settle(slot, "unacked", {
      ...UNREACHED,
      reason: `stream ${describeOther(other, stream)} takes the subject`,
    });
  }

  function late(slot: number): void {
    const way = window.wayAt(slot);
    if (way?.stream.gate.phase === "open") gates.tell(way.stream, { is: "late", reason: LATE });
  }
}
