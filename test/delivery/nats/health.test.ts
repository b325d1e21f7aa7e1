// The table at the head of health.ts, cell by cell: each phase, silent or not, with each event, as the words say.
import { expect, test } from "bun:test";
import {
  HEALTH_PHASES,
  type Health,
  type HealthEvent,
  type HealthPhase,
  NO_CONNECTION,
  nextHealth,
  STALL_MS,
} from "../../../src/delivery/nats/health.ts";
import { holds, meaningOf, readHeadRows } from "../../support/headtable.ts";

const ROWS = readHeadRows("src/delivery/nats/health.ts");
const NOW = 100_000;
const STALLED = NOW - STALL_MS - 1;

/** An event, and whether it is met only after long silence. */
interface Case {
  readonly event: HealthEvent;
  readonly isStalled?: true;
}

/** What each text in the middle column stands for. */
const EVENTS: Readonly<Record<string, Case>> = {
  connected: { event: { is: "connected" } },
  lost: { event: { is: "lost" } },
  deaf: { event: { is: "deaf" } },
  sent: { event: { is: "sent" } },
  answered: { event: { is: "answered" } },
  "tick: silent for more than 10 s": { event: { is: "tick" }, isStalled: true },
};

const SILENCES: Readonly<Record<string, (health: Health) => number | null>> = {
  "not silent": () => null,
  "silent from now on": () => NOW,
  "silent from now on if it was not": ({ silentSinceMs }) => silentSinceMs ?? NOW,
};

function rowFor(health: Health, event: HealthEvent): string[] | undefined {
  const rows = ROWS.filter(([states = "", on = ""]) => {
    const one = meaningOf(EVENTS, on);
    const isMet = one.isStalled !== true || health.silentSinceMs === STALLED;
    return holds(states, health.phase) && isMet && Bun.deepEquals(one.event, event);
  });
  expect(rows.length).toBeLessThanOrEqual(1);
  return rows[0];
}

/** The healths that there can be: without a connection nobody is silent, and the deaf always are. */
const SILENT: Readonly<Record<HealthPhase, readonly (number | null)[]>> = {
  down: [null],
  deaf: [NOW - 1000, STALLED],
  up: [null, NOW - 1000, STALLED],
};

for (const phase of HEALTH_PHASES) {
  test(`nextHealth does in ${phase} what the table says, and nothing on any other event`, () => {
    for (const silentSinceMs of SILENT[phase]) {
      const before: Health = { phase, silentSinceMs };
      for (const { event } of Object.values(EVENTS)) {
        const after = nextHealth(before, event, NOW);
        const [, , to] = rowFor(before, event) ?? [];
        const [name = phase, silence] = to?.split(", ") ?? [];
        const silent = silence === undefined ? silentSinceMs : meaningOf(SILENCES, silence)(before);
        expect({ event, ...after }).toEqual({ event, phase: name as HealthPhase, silentSinceMs: silent });
        if (to === undefined) expect(after).toBe(before);
      }
    }
  });
}

test("the table of health.ts has a row for each kind of event", () => {
  expect(new Set(ROWS.map(([, on = ""]) => on))).toEqual(new Set(Object.keys(EVENTS)));
});

test("nextHealth counts silence from the first message without an answer, and ends it with any answer", () => {
  const sent = nextHealth({ phase: "up", silentSinceMs: null }, { is: "sent" }, NOW);
  expect(sent.silentSinceMs).toBe(NOW);
  expect(nextHealth(sent, { is: "sent" }, NOW + 1)).toBe(sent);
  expect(nextHealth(sent, { is: "answered" }, NOW + 1).silentSinceMs).toBe(null);
});

test("nextHealth gives a connection up after ten seconds of silence, and not before", () => {
  for (const phase of ["up", "deaf"] as const) {
    const silent: Health = { phase, silentSinceMs: NOW };
    expect(nextHealth(silent, { is: "tick" }, NOW + STALL_MS)).toBe(silent);
    expect(nextHealth(silent, { is: "tick" }, NOW + STALL_MS + 1)).toBe(NO_CONNECTION);
  }
});
