// The table at the head of health.ts, cell by cell: each phase, silent or not, with each event, as the words say.
import { expect, test } from "bun:test";
import {
  FIT_MS,
  HEALTH_PHASES,
  type Health,
  type HealthEvent,
  type HealthPhase,
  mayPublish,
  NO_CONNECTION,
  natsHealthOf,
  nextHealth,
  STALL_MS,
} from "../../../src/delivery/nats/health.ts";
import { holds, meaningOf, readHeadRows } from "../../support/headtable.ts";

const ROWS = readHeadRows("src/delivery/nats/health.ts");
const NOW = 100_000;
const TROUBLED = 50_000;

/** An event, and the silence it meets where that makes the difference. */
interface Case {
  readonly event: HealthEvent;
  /** Only healths that are silent since then; absent: all. */
  readonly silentSinceMs?: number;
}

const IN_TIME: HealthEvent = { is: "stored", sentMs: NOW - FIT_MS + 1 };
const LATE: HealthEvent = { is: "stored", sentMs: NOW - FIT_MS };
const BEFORE: HealthEvent = { is: "stored", sentMs: TROUBLED };
const STALLED = NOW - STALL_MS - 1;

/** What each text in the middle column stands for. */
const EVENTS: Readonly<Record<string, readonly Case[]>> = {
  connected: [{ event: { is: "connected" } }],
  lost: [{ event: { is: "lost" } }],
  "usable: news, or nothing in flight": [
    { event: { is: "usable", isNews: true, isIdle: true } },
    { event: { is: "usable", isNews: true, isIdle: false } },
    { event: { is: "usable", isNews: false, isIdle: true } },
  ],
  "usable: neither": [{ event: { is: "usable", isNews: false, isIdle: false } }],
  unanswered: [{ event: { is: "unanswered" } }],
  blocked: [{ event: { is: "blocked" } }],
  trouble: [{ event: { is: "trouble" } }],
  deaf: [{ event: { is: "deaf" } }],
  "stored: within 2.5 s, sent since the last trouble": [{ event: IN_TIME }],
  "stored: later, or sent before": [{ event: LATE }, { event: BEFORE }],
  stored: [{ event: IN_TIME }, { event: LATE }, { event: BEFORE }],
  answered: [{ event: { is: "answered" } }],
  sent: [{ event: { is: "sent" } }],
  "tick: silent for more than 10 s": [{ event: { is: "tick" }, silentSinceMs: STALLED }],
};

const SILENCES: Readonly<Record<string, (health: Health) => number | null>> = {
  "": ({ silentSinceMs }) => silentSinceMs,
  "not silent": () => null,
  "silent from now on": () => NOW,
  "silent from now on if it was not": ({ silentSinceMs }) => silentSinceMs ?? NOW,
};

function rowFor(health: Health, event: HealthEvent): string[] | undefined {
  const rows = ROWS.filter(([states = "", on = ""]) =>
    meaningOf(EVENTS, on).some(
      (one) =>
        holds(states, health.phase) &&
        Bun.deepEquals(one.event, event) &&
        (one.silentSinceMs === undefined || one.silentSinceMs === health.silentSinceMs),
    ),
  );
  expect(rows.length).toBeLessThanOrEqual(1);
  return rows[0];
}

const events = Object.values(EVENTS).flatMap((cases) => cases.map(({ event }) => event));

for (const phase of HEALTH_PHASES) {
  test(`nextHealth does in ${phase} what the table says, and nothing on any other event`, () => {
    for (const silentSinceMs of [null, NOW - 1000, STALLED]) {
      const health: Health = { phase, troubledMs: TROUBLED, silentSinceMs };
      for (const event of events) {
        const after = nextHealth(health, event, NOW);
        const [, , to] = rowFor(health, event) ?? [];
        // Down is down: what was silent before is of no interest.
        if (to === undefined || (phase === "down" && after.phase === "down")) {
          expect({ event, after }).toEqual({ event, after: health });
          continue;
        }
        const [name = "", ...silence] = to.split(", ");
        expect({ event, phase: after.phase }).toEqual({
          event,
          phase: name === "the same" ? phase : (name as HealthPhase),
        });
        expect({ event, silent: after.silentSinceMs }).toEqual({
          event,
          silent: meaningOf(SILENCES, silence.join(", "))(health),
        });
      }
    }
  });
}

test("the table of health.ts has a row for each kind of event", () => {
  const kinds = new Set(ROWS.flatMap(([, on = ""]) => meaningOf(EVENTS, on).map(({ event }) => event.is)));
  expect(kinds).toEqual(new Set(events.map(({ is }) => is)));
  expect(new Set(ROWS.map(([, on = ""]) => on))).toEqual(new Set(Object.keys(EVENTS)));
});

const SILENT = NOW - 3000;
const health = (phase: HealthPhase, silentSinceMs: number | null): Health => ({
  phase,
  troubledMs: TROUBLED,
  silentSinceMs,
});

test("nextHealth dates trouble at each sign of it, so that an ack of what was sent before proves nothing", () => {
  for (const is of ["trouble", "blocked", "deaf"] as const) {
    expect(nextHealth(health("up", null), { is }, NOW).troubledMs).toBe(NOW);
  }
  const degraded = nextHealth(health("degraded", null), { is: "trouble" }, NOW);
  expect(degraded.troubledMs).toBe(NOW);
  expect(nextHealth(degraded, { is: "stored", sentMs: NOW }, NOW + 1).phase).toBe("degraded");
  expect(nextHealth(degraded, { is: "stored", sentMs: NOW + 1 }, NOW + 2).phase).toBe("up");
});

test("nextHealth counts silence from the first message without an answer, and ends it with any answer", () => {
  for (const phase of ["degraded", "up"] as const) {
    const sent = nextHealth(health(phase, null), { is: "sent" }, NOW);
    expect(sent.silentSinceMs).toBe(NOW);
    expect(nextHealth(sent, { is: "sent" }, NOW + 1)).toBe(sent);
    expect(nextHealth(sent, { is: "answered" }, NOW + 1).silentSinceMs).toBe(null);
    expect(nextHealth(sent, { is: "stored", sentMs: 0 }, NOW + 1).silentSinceMs).toBe(null);
    expect(nextHealth(sent, { is: "trouble" }, NOW + 1).silentSinceMs).toBe(NOW);
  }
});

test("nextHealth gives a connection up after ten seconds of silence, whoever is silent", () => {
  for (const phase of ["degraded", "up", "deaf"] as const) {
    const silent = health(phase, NOW);
    expect(nextHealth(silent, { is: "tick" }, NOW + STALL_MS)).toBe(silent);
    expect(nextHealth(silent, { is: "tick" }, NOW + STALL_MS + 1)).toBe(NO_CONNECTION);
  }
  expect(nextHealth(health("up", null), { is: "deaf" }, NOW).silentSinceMs).toBe(NOW);
});

test("nextHealth begins anew with a connection", () => {
  const fresh = nextHealth(health("deaf", SILENT), { is: "connected" }, NOW);
  expect(fresh).toEqual({ phase: "looking", troubledMs: NOW, silentSinceMs: null });
});

test("mayPublish lets messages go where they could be stored and their acks can reach us", () => {
  const open = HEALTH_PHASES.filter((phase) => mayPublish(health(phase, null)));
  expect(open).toEqual(["degraded", "up"]);
});

test("natsHealthOf tells operators up, degraded or down", () => {
  expect(HEALTH_PHASES.map((phase) => natsHealthOf(health(phase, null)))).toEqual([
    "down",
    "degraded",
    "degraded",
    "degraded",
    "degraded",
    "up",
  ]);
});
