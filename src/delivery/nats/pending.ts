// One event on the wire, a message for each of its routes that is sent: counts its verdicts down.
import type { Route } from "../../config/subject.ts";
import type { Outgoing } from "../outgoing.ts";
import type { AckListener, Verdict } from "./window.ts";

/** A route whose message its stream will never take, and why. */
export interface RejectedRoute {
  readonly route: Route;
  readonly reason: string;
}

const NONE: readonly never[] = [];

/** The acks that an event still waits for. `context` is whatever its owner needs when the last one is there. */
export class PendingAcks<Context> implements AckListener {
  readonly outgoing: Outgoing;
  readonly context: Context;
  /** Routes without an ack: the stream may or may not have their message. */
  unacked: readonly Route[] = NONE;
  rejected: readonly RejectedRoute[] = NONE;
  readonly #onSettled: (acks: PendingAcks<Context>) => void;
  #waiting: number;

  /** `messages` of the event's routes are sent, one at least; `onSettled` is called once, with the last verdict. */
  constructor(
    outgoing: Outgoing,
    messages: number,
    context: Context,
    onSettled: (acks: PendingAcks<Context>) => void,
  ) {
    this.outgoing = outgoing;
    this.context = context;
    this.#onSettled = onSettled;
    this.#waiting = messages;
  }

  onVerdict(index: number, verdict: Verdict, reason: string): void {
    const route = this.outgoing.routes[index];
    if (verdict !== "stored" && route !== undefined) {
      if (verdict === "rejected") this.rejected = [...this.rejected, { route, reason }];
      else this.unacked = [...this.unacked, route];
    }
    if (--this.#waiting === 0) this.#onSettled(this);
  }
}
