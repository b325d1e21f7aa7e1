// What the log and the state say of the connection and the gates: each trouble once, and once that it is over.
import type { Clock } from "../../runtime/clock.ts";
import { createRarely, type DeliveryLog } from "../log.ts";
import type { NamedGate } from "./gates.ts";
import type { HealthPhase } from "./health.ts";

/**
 * `up`: connected, and copies go out to one configured destination at least; where none is configured, the default stream
 * takes them. `degraded`: connected, but no ack can be counted on. `down`: there is no connection.
 */
export type PublisherState = "up" | "degraded" | "down";

/** Who reads it. */
export interface TellingOptions {
  readonly log: DeliveryLog;
  readonly time: Clock;
  readonly onState: (state: PublisherState) => void;
}

/** Tells, and knows what it has told. */
export interface Telling {
  readonly state: PublisherState;
  /** What the connection is, and whether copies go out to anybody; `reason` is for the log. */
  tellState(phase: HealthPhase, hasOpen: boolean, reason: string): void;
  /** A gate has changed while there is a connection. */
  tellGate(one: NamedGate): void;
}

/** Begins without a connection. */
export function createTelling({ log, time, onState }: TellingOptions): Telling {
  const rarely = createRarely(10_000, time);
  /** The gates whose trouble the log has. */
  const told = new Set<string>();
  let state: PublisherState = "down";
  return {
    get state() {
      return state;
    },
    tellState: (phase, hasOpen, reason) => {
      const was = state;
      state = phase === "down" ? "down" : phase === "up" && hasOpen ? "up" : "degraded";
      if (state === was) return;
      if (state === "up") rarely("recovered", () => log.info("NATS takes events"));
      else if (was === "up" && state === "degraded") {
        rarely("degraded", () => log.warn("NATS does not take events, they are spooled", { reason }));
      }
      onState(state);
    },
    tellGate: ({ kind, name, gate: { phase, reason } }) => {
      const who = `${kind} ${name}`;
      if (phase === "open") {
        if (told.delete(who)) log.info("events are published again", { [kind]: name });
        return;
      }
      rarely(`${who} ${reason}`, () => {
        told.add(who);
        log.warn("events are spooled, the others go on", { [kind]: name, reason });
      });
    },
  };
}
