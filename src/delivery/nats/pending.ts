// One event on the wire, a message for each of its routes: counts its verdicts down, for clients and the relay alike.
import type { Route } from "../../config/subject.ts";
import type { Outgoing } from "../outgoing.ts";
import type { AckListener, Verdict } from "./window.ts";

const NONE: readonly Route[] = [];

/** The acks that an event still waits for. `context` is whatever its owner needs when the last one is there. */
export class PendingAcks<Context> implements AckListener {
  readonly outgoing: Outgoing;
  readonly context: Context;
  /** Routes without an ack: the stream may or may not have their message. */
  unacked: readonly Route[] = NONE;
  /** Routes whose message the stream will never take. */
  rejected: readonly Route[] = NONE;
  /** Why a message was not stored; the last reason that was heard. */
  reason = "";
  readonly #onSettled: (acks: PendingAcks<Context>) => void;
  #waiting: number;

  /** `onSettled` is called once, with the last verdict; never for an event without a route. */
  constructor(outgoing: Outgoing, context: Context, onSettled: (acks: PendingAcks<Context>) => void) {
    this.outgoing = outgoing;
    this.context = context;
    this.#onSettled = onSettled;
    this.#waiting = outgoing.routes.length;
  }

  onVerdict(route: number, verdict: Verdict, reason: string): void {
    const target = this.outgoing.routes[route];
    if (verdict !== "stored" && target !== undefined) {
      this.reason = reason;
      if (verdict === "rejected") this.rejected = [...this.rejected, target];
      else this.unacked = [...this.unacked, target];
    }
    if (--this.#waiting === 0) this.#onSettled(this);
  }
}
