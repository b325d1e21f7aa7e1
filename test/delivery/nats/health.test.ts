// Walks every cell of the table: each phase, silent or not, with each event.
import { describe, expect, test } from "bun:test";
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

const NOW = 100_000;
const TROUBLED = 50_000;
const SILENT = NOW - 3000;

/** Each event by a name, with what it makes of each phase in the order of `HEALTH_PHASES`; `=` leaves it alone. */
const TABLE: readonly [string, HealthEvent, readonly (HealthPhase | "=")[]][] = [
  ["connected", { is: "connected" }, ["looking", "looking", "looking", "looking", "looking", "looking"]],
  ["lost", { is: "lost" }, ["=", "down", "down", "down", "down", "down"]],
  ["usable, news", { is: "usable", isNews: true, isIdle: false }, ["=", "up", "up", "=", "up", "="]],
  ["usable, idle", { is: "usable", isNews: false, isIdle: true }, ["=", "up", "up", "=", "up", "="]],
  [
    "usable, neither",
    { is: "usable", isNews: false, isIdle: false },
    ["=", "degraded", "degraded", "=", "=", "="],
  ],
  ["unanswered", { is: "unanswered" }, ["=", "degraded", "degraded", "=", "=", "="]],
  ["blocked", { is: "blocked" }, ["=", "blocked", "=", "=", "blocked", "blocked"]],
  ["trouble", { is: "trouble" }, ["=", "=", "=", "=", "degraded", "degraded"]],
  ["deaf", { is: "deaf" }, ["=", "deaf", "deaf", "=", "deaf", "deaf"]],
  ["sent", { is: "sent" }, ["=", "=", "=", "=", "degraded", "up"]],
  ["answered", { is: "answered" }, ["=", "=", "=", "=", "degraded", "up"]],
  ["stored in time", { is: "stored", sentMs: NOW - FIT_MS + 1 }, ["=", "=", "=", "=", "up", "up"]],
  ["stored late", { is: "stored", sentMs: NOW - FIT_MS }, ["=", "=", "=", "=", "degraded", "up"]],
  ["stored, sent before", { is: "stored", sentMs: TROUBLED }, ["=", "=", "=", "=", "degraded", "up"]],
  ["tick", { is: "tick" }, ["=", "=", "=", "=", "=", "="]],
];

const health = (phase: HealthPhase, silentSinceMs: number | null): Health => ({
  phase,
  troubledMs: TROUBLED,
  silentSinceMs,
});

describe("nextHealth", () => {
  for (const [name, event, row] of TABLE) {
    for (const [index, from] of HEALTH_PHASES.entries()) {
      for (const silentSinceMs of [null, SILENT]) {
        const to = row[index];
        test(`makes ${to} of ${from}${silentSinceMs === null ? "" : ", silent"}, on ${name}`, () => {
          const before = health(from, silentSinceMs);
          const after = nextHealth(before, event, NOW);
          if (to === "=") expect(after).toBe(before);
          else expect(after.phase).toBe(to as HealthPhase);
        });
      }
    }
  }

  test("has a row for each kind of event", () => {
    const kinds = new Set(TABLE.map(([, { is }]) => is));
    expect(kinds.size).toBe(11);
  });

  test("dates trouble at each sign of it, so that an ack of what was sent before proves nothing", () => {
    for (const is of ["trouble", "blocked", "deaf"] as const) {
      expect(nextHealth(health("up", null), { is }, NOW).troubledMs).toBe(NOW);
    }
    const degraded = nextHealth(health("degraded", null), { is: "trouble" }, NOW);
    expect(degraded.troubledMs).toBe(NOW);
    expect(nextHealth(degraded, { is: "stored", sentMs: NOW }, NOW + 1).phase).toBe("degraded");
    expect(nextHealth(degraded, { is: "stored", sentMs: NOW + 1 }, NOW + 2).phase).toBe("up");
  });

  test("counts silence from the first message without an answer, and ends it with any answer", () => {
    for (const phase of ["degraded", "up"] as const) {
      const sent = nextHealth(health(phase, null), { is: "sent" }, NOW);
      expect(sent.silentSinceMs).toBe(NOW);
      expect(nextHealth(sent, { is: "sent" }, NOW + 1)).toBe(sent);
      expect(nextHealth(sent, { is: "answered" }, NOW + 1).silentSinceMs).toBe(null);
      expect(nextHealth(sent, { is: "stored", sentMs: 0 }, NOW + 1).silentSinceMs).toBe(null);
      expect(nextHealth(sent, { is: "trouble" }, NOW + 1).silentSinceMs).toBe(NOW);
    }
  });

  test("gives a connection up after ten seconds of silence, whoever is silent", () => {
    for (const phase of ["degraded", "up", "deaf"] as const) {
      const silent = health(phase, NOW);
      expect(nextHealth(silent, { is: "tick" }, NOW + STALL_MS)).toBe(silent);
      expect(nextHealth(silent, { is: "tick" }, NOW + STALL_MS + 1)).toBe(NO_CONNECTION);
    }
    expect(nextHealth(health("up", null), { is: "deaf" }, NOW).silentSinceMs).toBe(NOW);
  });

  test("begins anew with a connection", () => {
    const fresh = nextHealth(health("deaf", SILENT), { is: "connected" }, NOW);
    expect(fresh).toEqual({ phase: "looking", troubledMs: NOW, silentSinceMs: null });
  });
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
