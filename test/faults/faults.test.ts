import { expect } from "bun:test";
import { unless } from "../support/unless.ts";
import { FAULTS, runFault } from "./table.ts";
import type { Scale } from "./world.ts";

/** The same faults as `bun run faults`, shorter and with fewer events. */
const SHORT: Scale = {
  events: 1000,
  connections: 300,
  perSecond: 500,
  awayMs: 1500,
  frozenMs: 5000,
  calmMs: 400,
  damages: 2,
  cuts: 1,
  kills: 1,
  seed: Math.floor(Math.random() * 1_000_000),
};

for (const fault of FAULTS) {
  const gate = unless(fault.obstacle?.() ?? null);
  gate.test(
    `fault ${fault.number} loses nothing and stores nothing twice: ${fault.name}`,
    async () => {
      const account = await runFault(fault, SHORT);
      expect(account.answered).toBeGreaterThanOrEqual(SHORT.events);
      expect(account).toMatchObject({ lost: 0, twice: 0 });
      if (fault.number === 8) expect(account.refused).toBeGreaterThan(0);
    },
    90_000,
  );
}
