import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { fileBytes, isWithinShare } from "../../../src/delivery/spool/share.ts";
import { openSpool } from "../../../src/delivery/spool/spool.ts";
import { afterTest, event, putAwayAfterEach, recordLog, temporaryFolder } from "../../support/parts.ts";
import { append, copiesOf, MIB, open, twoRoutes, waiting } from "../../support/spools.ts";

putAwayAfterEach();

test("isWithinShare counts what is there and the event to come, in bytes of the file", () => {
  const share = fileBytes(10, 5000);
  expect(isWithinShare({ copies: 9, bytes: 4500 }, 500, share)).toBe(true);
  expect(isWithinShare({ copies: 9, bytes: 4500 }, 500, share - 1)).toBe(false);
  expect(isWithinShare({ copies: 10, bytes: 5000 }, 500, share)).toBe(false);
});

test("hasShareFor is false for a destination that has half of the spool, and true for the others", async () => {
  const { spool } = open(temporaryFolder(), MIB);
  const payload = JSON.stringify({ filler: "x".repeat(700) });
  const [ads] = twoRoutes();
  if (ads === undefined) throw new Error("there is no route");
  let count = 0;
  for (; spool.hasShareFor("ads", 713); count++) {
    // What is on its way to the disk counts, too.
    spool.append(event(`e${count}`, { payload }), copiesOf([ads]), () => {});
  }
  expect(count).toBe(Math.floor(MIB / 2 / fileBytes(1, 713)));
  spool.flush();
  expect([spool.hasShareFor("ads", 713), spool.hasShareFor("warehouse", 713)]).toEqual([false, true]);
  for (const one of waiting(spool, { destinationId: "ads", limit: 1 })) spool.remove(one, "ads");
  spool.flush();
  expect(spool.hasShareFor("ads", 713)).toBe(true);
});

test("hasShareFor takes the share it is given, and an event that is larger than that has none", () => {
  const spool = openSpool({
    dataDir: temporaryFolder(),
    maxBytes: MIB,
    destinationShare: 0.1,
    log: recordLog(),
    clock: Date.now,
  });
  afterTest(() => spool.close());
  expect(spool.hasShareFor("ads", MIB / 10 - 3000)).toBe(true);
  expect(spool.hasShareFor("ads", MIB / 10)).toBe(false);
});

for (const bytes of [100, 300, 1000, 2000, 3000, 5000, 20_000]) {
  test(`hasShareFor keeps a backlog of ${bytes} bytes an event within its half of the file`, async () => {
    const folder = temporaryFolder();
    const { spool } = open(folder, 8 * MIB);
    const payload = JSON.stringify("x".repeat(bytes - 2));
    const appends: Promise<boolean>[] = [];
    while (spool.hasShareFor("warehouse", payload.length)) {
      appends.push(append(spool, `0b0b0b0b-0000-4000-8000-${100_000 + appends.length}`, payload));
    }
    expect(await Promise.all(appends)).not.toContain(false);
    spool.close();
    const part = statSync(join(folder, "spool.db")).size / (8 * MIB);
    expect(part).toBeGreaterThan(0.36);
    expect(part).toBeLessThan(0.52);
  });
}
