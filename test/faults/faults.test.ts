import { expect, test } from "bun:test";
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
};

for (const fault of FAULTS) {
  test(`fault ${fault.number} loses nothing and stores nothing twice: ${fault.name}`, async () => {
    const obstacle = fault.obstacle?.() ?? null;
    if (obstacle !== null) return console.log(`not shown: ${obstacle}`);
    const account = await runFault(fault, SHORT);
    expect(account.answered).toBeGreaterThanOrEqual(SHORT.events);
    expect(account).toMatchObject({ lost: 0, twice: 0 });
    if (fault.number === 8) expect(account.refused).toBeGreaterThan(0);
  }, 90_000);
}
