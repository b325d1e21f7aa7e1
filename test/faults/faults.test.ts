import { describe, expect, test } from "bun:test";
import { unless } from "../support/unless.ts";
import { NEIGHBOUR_FAULTS, runNeighbour } from "./neighbours.ts";
import { FAULTS, runFault } from "./table.ts";
import type { Scale } from "./world.ts";

/** The same faults as `bun run faults`, shorter and with fewer events. */
const SHORT: Scale = {
  events: 1000,
  connections: 300,
  perSecond: 500,
  awayMs: 1500,
  frozenMs: 5000,
  quorumMs: 1500,
  calmMs: 400,
  damages: 2,
  cuts: 1,
  kills: 1,
  rounds: 1,
  phaseMs: 600,
  neighbourPerSecond: 500,
  seed: Math.floor(Math.random() * 1_000_000),
};
const LIMIT_MS = 90_000;

describe("fault", () => {
  for (const fault of FAULTS) {
    const gate = unless(fault.obstacle?.() ?? null);
    gate.test(
      `${fault.number} loses nothing and stores nothing twice: ${fault.name}`,
      async () => {
        const account = await runFault(fault, SHORT);
        expect(account.answered).toBeGreaterThanOrEqual(SHORT.events);
        expect(account).toMatchObject({ lost: 0, twice: 0 });
        if (fault.number === 8) expect(account.refused).toBeGreaterThan(0);
      },
      LIMIT_MS,
    );
  }

  for (const fault of NEIGHBOUR_FAULTS) {
    test(
      `${fault.number} of a neighbour costs a healthy destination nothing, and ends without loss: ${fault.name}`,
      async () => {
        const account = await runNeighbour(fault, SHORT);
        expect(account.answered).toBeGreaterThanOrEqual(SHORT.events);
        expect(account.brokenCopies).toBeGreaterThan(0);
        expect(account.brokenKept).toBeGreaterThan(0);
        const nothing = { lost: 0, twice: 0, spooled: 0, brokenLost: 0, brokenTwice: 0, notAnswered: 0 };
        expect(account).toMatchObject(nothing);
      },
      LIMIT_MS,
    );
  }
});
