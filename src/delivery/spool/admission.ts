// Whether the spool takes events: (admission, event, nowMs) -> admission. Pure: the spool tells it what its file has
// said, and asks before it takes an event.
//
// | in | on | to |
// |---|---|---|
// | open, refusing | failed | refusing for a second from now, for this fault |
// | open, refusing | written | open |
// | any | closed | closed |
// | closed | failed, written | closed |
//
// Open admits. Refusing admits again once its second is over: what comes then is the try that shows. Closed never does.
import type { SpoolFault } from "./fault.ts";

/** Whether events are taken at one moment. Times are those of the clock that gives `nowMs`. */
export type Admission =
  | { readonly is: "open" }
  | { readonly is: "refusing"; readonly fault: SpoolFault; readonly untilMs: number }
  | { readonly is: "closed" };

/** What can happen to a spool. */
export type AdmissionEvent =
  /** A write was refused, and nothing could be done about it. */
  | { readonly is: "failed"; readonly fault: SpoolFault }
  /** A write, or the probe for room, went well. */
  | { readonly is: "written" }
  | { readonly is: "closed" };

/** After a refused write nothing is tried for so long. */
export const RETRY_MS = 1000;

export const OPEN: Admission = { is: "open" };
const CLOSED: Admission = { is: "closed" };

/** The admission after an event: the very same object where nothing has changed. */
export function nextAdmission(admission: Admission, event: AdmissionEvent, nowMs: number): Admission {
  if (admission.is === "closed" || event.is === "closed") return CLOSED;
  if (event.is === "written") return OPEN;
  return { is: "refusing", fault: event.fault, untilMs: nowMs + RETRY_MS };
}

/** Whether an event may be taken now. */
export function admits(admission: Admission, nowMs: number): boolean {
  return admission.is === "open" || (admission.is === "refusing" && nowMs >= admission.untilMs);
}

/** States of a spool as operators are told, best first. `failing`: the disk reports errors, or another process has the file locked. */
export const SPOOL_STATES = ["open", "full", "failing"] as const;
export type SpoolState = (typeof SPOOL_STATES)[number];

/** What operators are told of it. A spool is closed only when nobody asks any more. */
export function spoolStateOf(admission: Admission): SpoolState {
  if (admission.is !== "refusing") return "open";
  return admission.fault === "full" ? "full" : "failing";
}
