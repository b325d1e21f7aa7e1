// States of destinations and findings about streams, as delivery tells them: what is well, unless fields say otherwise.
import type { Finding } from "../../src/delivery/finding.ts";
import type { DestinationState } from "../../src/delivery/state.ts";

/** A destination that is open and has nothing waiting. */
export function destination(id: string, fields: Partial<DestinationState> = {}): DestinationState {
  return {
    id,
    state: "open",
    reason: "",
    sinceMs: null,
    copies: 0,
    bytes: 0,
    oldestMs: null,
    quarantined: 0,
    refused: 0,
    ...fields,
  };
}

/** A finding that loses events, with its cure. */
export const NO_ACK: Finding = {
  stream: "PIXEL",
  severity: "fault",
  says: "it sends no acks: whether it has stored an event cannot be known",
  cure: "nats stream edit PIXEL --ack",
  isFatal: true,
};

/** A finding that is unusual and has no command that ends it. */
export const SHORT_WINDOW: Finding = {
  stream: "WAREHOUSE",
  severity: "warning",
  says: "it forgets message ids after 10 s: what is relayed later can be in it twice",
  cure: null,
  isFatal: false,
};
