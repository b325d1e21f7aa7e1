// Whether copies may go out to a stream, or to a destination: (gate, event, nowMs, random) -> gate. Pure: the publisher
// tells it what has happened, and acts on what has become of it. An event that a row does not name changes nothing.
//
// | in | on | to |
// |---|---|---|
// | open | late | slow |
// | open | refused | shut, one failure more |
// | slow, probing | refused: sent since then | shut, one failure more |
// | slow, probing | answered: sent since then, within 500 ms | open, no failure |
// | probing | answered: sent since then, later | slow, no failure |
// | shut | probed | probing |
// | probing | unproved: sent since then | shut until now |
// | shut, probing | news | shut until now, no failure |
// | any | barred | barred, no failure |
// | barred | unknown | shut until now, no failure |
// | shut, probing, barred | usable | open, no failure |

/**
 * `open`: copies go out. `slow`: they are taken, but later than a client should wait: clients' copies are spooled, and
 * the relay goes on. `shut`: nothing goes out before its time, then a single copy. `probing`: that one is on its way.
 * `barred`: nothing may be sent until a look-up says otherwise.
 */
export const GATE_PHASES = ["open", "slow", "shut", "probing", "barred"] as const;
export type GatePhase = (typeof GATE_PHASES)[number];

/** A gate at one moment. Times are those of the clock that gives `nowMs`. */
export interface Gate {
  readonly phase: GatePhase;
  /** Since when it is in its phase: only what was sent later can prove anything of it. */
  readonly sinceMs: number;
  /** Since when it is not open, in whatever phase; null while it is. */
  readonly troubledMs: number | null;
  /** Why it is not open, for people; empty while it is. */
  readonly reason: string;
  /** Refusals without a copy that got through. */
  readonly failures: number;
  /** While it is shut: when a single copy may try. */
  readonly untilMs: number;
  /** The longest it stays shut. */
  readonly longestMs: number;
}

/** What can happen. `sentMs` is when the copy in question was sent. */
export type GateEvent =
  /** A copy is out for long, or was. */
  | { readonly is: "late"; readonly reason: string }
  /** It does not take a copy now, or said nothing in time. */
  | { readonly is: "refused"; readonly reason: string; readonly sentMs: number }
  /** A copy got through: stored, or for a stream any answer that shows it well. */
  | { readonly is: "answered"; readonly sentMs: number }
  /** The single copy is sent. */
  | { readonly is: "probed"; readonly sentMs: number }
  /** A copy's fate says nothing of the gate. */
  | { readonly is: "unproved"; readonly sentMs: number }
  /** Something else has changed, so that what was learned counts no more: a connection, the configuration. */
  | { readonly is: "news" }
  /** A look-up says that what is sent would be lost or in vain. */
  | { readonly is: "barred"; readonly reason: string }
  /** A look-up got no answer: a copy may try. */
  | { readonly is: "unknown"; readonly reason: string }
  /** A look-up found it, and that is news. */
  | { readonly is: "usable" };

/** A copy that is out for longer shows that a client should not wait for the next. */
export const LATE_MS = 1000;
/** An answer within this shows that a client may wait for it again. */
export const PROMPT_MS = 500;
/** How long it is shut after the first refusal; twice as long after each more. */
export const SHORTEST_MS = 250;
/** The longest a stream's gate is shut: its look-ups tell sooner. */
export const LONGEST_STREAM_MS = 2000;
/** The longest a destination's gate is shut: only a copy can tell. */
export const LONGEST_DESTINATION_MS = 15_000;

/** A gate that nothing is known against. */
export function openGate(longestMs: number): Gate {
  const nothing = { troubledMs: null, reason: "", failures: 0, untilMs: 0 };
  return { phase: "open", sinceMs: 0, ...nothing, longestMs };
}

/** The gate after an event: the very same object where nothing has changed. `random` is from 0 up to 1. */
export function nextGate(gate: Gate, event: GateEvent, nowMs: number, random: number): Gate {
  const { phase } = gate;
  switch (event.is) {
    case "late":
      return phase === "open" ? troubled(gate, "slow", event.reason, nowMs) : gate;
    case "refused": {
      const counts = phase === "open" || (isWatched(phase) && event.sentMs >= gate.sinceMs);
      return counts ? refused(gate, event.reason, nowMs, random) : gate;
    }
    case "answered": {
      if (!isWatched(phase) || event.sentMs < gate.sinceMs) return gate;
      if (nowMs - event.sentMs <= PROMPT_MS) return opened(gate, nowMs);
      return phase === "probing" ? { ...troubled(gate, "slow", gate.reason, nowMs), failures: 0 } : gate;
    }
    case "probed":
      return phase === "shut" ? { ...gate, phase: "probing", sinceMs: event.sentMs } : gate;
    case "unproved":
      return phase === "probing" && event.sentMs >= gate.sinceMs ? shutUntilNow(gate, nowMs) : gate;
    case "news":
      return phase === "shut" || phase === "probing" ? { ...shutUntilNow(gate, nowMs), failures: 0 } : gate;
    case "barred":
      if (phase === "barred" && gate.reason === event.reason) return gate;
      return { ...troubled(gate, "barred", event.reason, nowMs), failures: 0 };
    case "unknown":
      if (phase !== "barred") return gate;
      return { ...shutUntilNow(gate, nowMs), reason: event.reason, failures: 0 };
    case "usable":
      return phase === "open" || phase === "slow" ? gate : opened(gate, nowMs);
  }
}

/** Where the fate of a copy that is sent now decides what becomes of the gate. */
function isWatched(phase: GatePhase): boolean {
  return phase === "slow" || phase === "probing";
}

function opened({ longestMs }: Gate, nowMs: number): Gate {
  return { ...openGate(longestMs), sinceMs: nowMs };
}

function troubled(gate: Gate, phase: GatePhase, reason: string, nowMs: number): Gate {
  return { ...gate, phase, sinceMs: nowMs, troubledMs: gate.troubledMs ?? nowMs, reason };
}

function refused(gate: Gate, reason: string, nowMs: number, random: number): Gate {
  const pauseMs = Math.min(gate.longestMs, SHORTEST_MS * 2 ** Math.min(gate.failures, 10));
  const untilMs = nowMs + pauseMs * (0.5 + random / 2);
  return { ...troubled(gate, "shut", reason, nowMs), failures: gate.failures + 1, untilMs };
}

function shutUntilNow(gate: Gate, nowMs: number): Gate {
  return { ...troubled(gate, "shut", gate.reason, nowMs), untilMs: nowMs };
}

/** What may go out through a gate: `many` copies, `one` that tries, or `none`. */
export function allowed({ phase, untilMs }: Gate, nowMs: number): "many" | "one" | "none" {
  if (phase === "open" || phase === "slow") return "many";
  return phase === "shut" && untilMs <= nowMs ? "one" : "none";
}

/** From when on a copy may try; infinity while that is for an answer or a look-up to tell. */
export function allowedFromMs({ phase, untilMs }: Gate): number {
  if (phase === "open" || phase === "slow") return Number.NEGATIVE_INFINITY;
  return phase === "shut" ? untilMs : Number.POSITIVE_INFINITY;
}
