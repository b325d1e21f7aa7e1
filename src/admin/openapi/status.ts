// The schema of /status.json.

import { FINDING_SEVERITIES } from "../../delivery/finding.ts";
import { SPOOL_STATES } from "../../delivery/spool/admission.ts";
import { DESTINATION_STATES, NATS_STATES } from "../../delivery/state.ts";
import { OUTCOMES } from "../../observe/observer.ts";
import type { Json } from "./json.ts";

const text = (description: string): Json => ({ type: "string", description });
const count = (description: string): Json => ({ type: "integer", minimum: 0, description });
const flag = (description: string): Json => ({ type: "boolean", description });
const time = (description: string): Json => ({ type: ["number", "null"], description: `${description}, ms` });
const choice = (values: readonly string[], description: string): Json => ({ enum: [...values], description });
const list = (items: Json, description: string): Json => ({ type: "array", items, description });

/** An object all of whose fields are there. */
function object(properties: Readonly<Record<string, Json>>): Json {
  return { type: "object", required: Object.keys(properties), properties };
}

const destination = object({
  id: text("Its id"),
  state: choice(
    DESTINATION_STATES,
    "`open`; `slow`: taken later than a client waits; `shut`: nothing is taken now; `barred`: nothing may be sent; `unknown`: no connection",
  ),
  reason: text("Why it is not open, empty while it is"),
  sinceMs: time("For how long; null while it is open or unknown"),
  copies: count("Copies in the spool"),
  bytes: count("Their bytes"),
  oldestMs: time("Age of the oldest; null without any"),
  quarantined: count("Copies in quarantine: its stream will never take them"),
  refused: count("Events answered 503 since the start because it is over its share of the spool"),
});

const finding = object({
  stream: text("Name of the stream"),
  severity: choice(FINDING_SEVERITIES, "`fault`: events are lost without a word; `warning`: it is unusual"),
  says: text("What is the case, and what it means"),
  cure: { type: ["string", "null"], description: "A command that ends it" },
  isFatal: flag("What it acks is lost: nothing is published to it"),
});

const delivery = object({
  nats: choice(NATS_STATES, "The connection; of several workers the worst"),
  inFlight: count("Messages without an ack yet"),
  inFlightBytes: count("Their bytes"),
  spooled: count("Events in the spool"),
  spooledBytes: count("Their bytes"),
  oldestSpooledMs: time("Age of the oldest; null without any"),
  spool: choice(SPOOL_STATES, "Whether the spool takes events"),
  damagedRows: count("Rows that the disk has changed, set aside"),
  salvageLeft: count("Rows of damaged files that are still to come back"),
  destinations: list(destination, "Every configured destination, and those that only the spool knows"),
  findings: list(finding, "What was found wrong or unusual about streams"),
  quarantined: count("Copies in quarantine, of all destinations"),
  quarantineFull: flag("The quarantine takes no copy more"),
});

/** What `/status.json` answers: one gateway, or all workers added up. */
export const STATUS_SCHEMA: Json = object({
  version: text("The version"),
  uptimeMs: { type: "number", description: "Since the start, ms" },
  obstacles: list({ type: "string" }, "Why no event should come here; empty while it is ready"),
  processes: object({
    wanted: count("Processes that should take pixels"),
    running: count("Those that do"),
    shedding: count("Of these, those without file descriptors"),
  }),
  totals: object(
    Object.fromEntries(OUTCOMES.map((outcome) => [outcome, count(`Requests that were ${outcome}`)])),
  ),
  delivery,
});
