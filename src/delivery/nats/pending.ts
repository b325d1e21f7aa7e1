// One event on the wire, a message for each of its routes: waits until all have their verdict.

import type { Route } from "../../config/subject.ts";
import type { Delivered, Outgoing } from "../outgoing.ts";
import type { AckListener, Verdict } from "./window.ts";

const NONE: readonly Route[] = [];

/** Collects the verdicts of an event's routes and calls `onLanded` once, with the last. */
export class Flight implements AckListener {
  readonly outgoing: Outgoing;
  readonly settle: (delivered: Delivered) => void;
  /** Routes without an ack: the stream may or may not have their message. */
  unacked: readonly Route[] = NONE;
  /** Why the stream will never take one of the messages; null while it may. */
  rejection: string | null = null;
  readonly #onLanded: (flight: Flight) => void;
  #waiting: number;

  constructor(
    outgoing: Outgoing,
    settle: (delivered: Delivered) => void,
    onLanded: (flight: Flight) => void,
  ) {
    this.outgoing = outgoing;
    this.settle = settle;
    this.#onLanded = onLanded;
    this.#waiting = outgoing.routes.length;
  }

  onVerdict(route: number, verdict: Verdict, reason: string): void {
    if (verdict === "rejected") this.rejection = reason;
    else if (verdict === "unacked") {
      const target = this.outgoing.routes[route];
      if (target !== undefined) this.unacked = [...this.unacked, target];
    }
    if (--this.#waiting === 0) this.#onLanded(this);
  }
}
