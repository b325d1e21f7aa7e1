// Copies that no stream takes: kept beside the backlogs, over a stop and over damage, up to a bound.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readQuarantine } from "../../../src/delivery/spool/contents.ts";
import {
  fits,
  isQuarantineFull,
  type Quarantined,
  quarantineBound,
} from "../../../src/delivery/spool/quarantine.ts";
import type { Spool } from "../../../src/delivery/spool/spool.ts";
import { isEmpty } from "../../../src/delivery/spool/unused.ts";
import { event, putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { fillDisk, mountDisk } from "../../support/smalldisk.ts";
import { append, copiesOf, ids, MIB, open, twoRoutes, waiting } from "../../support/spools.ts";
import { whyNoMounts } from "../../support/system.ts";
import { unless } from "../../support/unless.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

const REASON = "message size exceeds maximum allowed";

/** All copies in quarantine of a folder's first spool, as another process reads them. */
function copiesIn(folder: string): Quarantined[] {
  return [...readQuarantine(folder, "spool.db")].flatMap(({ found }) => found);
}

function appendTo(spool: Spool, id: string, quarantine: string | null = REASON): Promise<boolean> {
  const routes = twoRoutes();
  const [ads, ...others] = copiesOf(routes);
  if (ads === undefined) throw new Error("there is no route");
  const copies = [{ ...ads, quarantine }, ...others];
  return new Promise((resolve) => spool.append(event(id, { routes }), copies, resolve));
}

test("quarantine moves a copy out of its backlog, with reason and time, and leaves the others", async () => {
  const folder = temporaryFolder();
  let now = 1000;
  const { spool } = open(folder, undefined, () => now);
  await appendTo(spool, "one", null);
  now = 2000;
  const [one] = waiting(spool, { destinationId: "ads" });
  if (one === undefined) throw new Error("nothing was spooled");
  expect(spool.quarantine(one, "ads", REASON)).toBe(true);
  for (const flush of [() => {}, spool.flush]) {
    flush();
    expect(waiting(spool, { destinationId: "ads" })).toEqual([]);
    expect(ids(spool)).toEqual(["one"]);
  }
  expect([...spool.backlogs().keys()]).toEqual(["warehouse"]);
  expect(spool.quarantined()).toEqual(new Map([["ads", { copies: 1, bytes: one.payload.length }]]));
  const { payload, sourceId, type } = one;
  expect(copiesIn(folder)).toEqual([
    {
      seq: 1,
      event: { id: "one", sourceId, type, payload },
      destinationId: "ads",
      subject: "pixel.ads.page",
      reason: REASON,
      atMs: 2000,
      spooledAtMs: 1000,
    },
  ]);
  spool.remove(one, "warehouse");
  spool.flush();
  expect(spool.rows).toBe(0);
  spool.close();
  expect(open(folder).spool.quarantined().get("ads")?.copies).toBe(1);
  expect(isEmpty(join(folder, "spool.db"))).toBe(false);
});

test("append puts copies into quarantine at once, and spools the others, as one event", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  expect(await appendTo(spool, "one")).toBe(true);
  expect([spool.rows, ids(spool)]).toEqual([1, ["one"]]);
  const refused = copiesOf(event("two").routes, { quarantine: REASON });
  expect(await new Promise((resolve) => spool.append(event("two"), refused, resolve))).toBe(true);
  expect(spool).toMatchObject({ rows: 1, quarantineIsFull: false });
  expect(copiesIn(folder).map(({ event: { id }, destinationId }) => `${id}.${destinationId}`)).toEqual([
    "one.ads",
    "two.warehouse",
  ]);
});

test("quarantineBound is a tenth of the spool and 10,000 copies, and full is what has no room for 16 KiB", () => {
  const bound = quarantineBound(10 * MIB);
  expect(bound).toEqual({ copies: 10_000, bytes: MIB });
  const one = { copies: 1, bytes: 1 };
  expect(fits(bound, { copies: 9999, bytes: 0 }, one)).toBe(true);
  expect(fits(bound, { copies: 10_000, bytes: 0 }, one)).toBe(false);
  expect(fits(bound, { copies: 1, bytes: MIB - 1 }, one)).toBe(true);
  expect(fits(bound, { copies: 1, bytes: MIB }, one)).toBe(false);
  expect(isQuarantineFull(bound, { copies: 9999, bytes: MIB - 16_384 })).toBe(false);
  expect(isQuarantineFull(bound, { copies: 10_000, bytes: 0 })).toBe(true);
  expect(isQuarantineFull(bound, { copies: 1, bytes: MIB - 16_383 })).toBe(true);
});

test("quarantine is false when it is full, counting what is on its way there, and the copy stays in its backlog", async () => {
  const { spool } = open(temporaryFolder(), MIB);
  const payload = JSON.stringify({ filler: "x".repeat(40_000) });
  for (const id of ["a", "b", "c"]) await append(spool, id, payload);
  const [a, b, c] = waiting(spool);
  if (a === undefined || b === undefined || c === undefined) throw new Error("nothing was spooled");
  expect([a, b, c].map((one) => spool.quarantine(one, "warehouse", REASON))).toEqual([true, true, false]);
  expect(ids(spool)).toEqual(["c"]);
  spool.flush();
  expect([ids(spool), spool.quarantineIsFull]).toEqual([["c"], false]);
  const refused = copiesOf(
    c.routes.map((route) => ({ ...route, stream: "PIXEL" })),
    { quarantine: REASON },
  );
  expect(await new Promise((resolve) => spool.append(event("d", { payload }), refused, resolve))).toBe(false);
  const small = event("e", { payload: JSON.stringify({ filler: "x".repeat(10_000) }) });
  const answers = [1, 2, 3].map(() => new Promise((resolve) => spool.append(small, refused, resolve)));
  expect(await Promise.all(answers)).toEqual([true, true, false]);
  expect(spool.quarantineIsFull).toBe(true);
});

test("openSpool brings the quarantine of a damaged file back, each copy once, over any bound", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder, 64 * MIB, () => 1000);
  for (let index = 0; index < 300; index++) await appendTo(spool, `e${index}`);
  const before = copiesIn(folder);
  spool.close();
  const path = join(folder, "spool.db");
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xa5, 0, 4096));
  // Stopped in between, it goes on; the bound of a smaller spool is for new copies.
  for (let stops = 0; stops < 3; stops++) {
    const again = open(folder, MIB / 4).spool;
    await until(
      "some are back",
      () => (again.quarantined().get("ads")?.copies ?? 0) >= Math.min(300, stops * 200 + 1),
    );
    again.close();
  }
  const last = open(folder).spool;
  await until("all are back", () => last.salvageLeft === null);
  expect(last.rows).toBe(300);
  expect(copiesIn(folder).map(({ seq: _, ...copy }) => copy)).toEqual(
    before.map(({ seq: _, ...copy }) => copy),
  );
  expect(readdirSync(folder).filter((name) => name.includes(".salvaged-"))).not.toEqual([]);
}, 20_000);

unless(whyNoMounts()).test(
  "openSpool keeps the quarantine when on a full disk every event has left the file",
  async () => {
    const folder = temporaryFolder();
    mountDisk(folder, "size=2m");
    const data = join(folder, "data");
    const first = open(data).spool;
    const appends = Array.from({ length: 200 }, (_, index) =>
      appendTo(first, `e${index}`, index === 7 ? REASON : null),
    );
    expect(await Promise.all(appends)).not.toContain(false);
    first.close();
    fillDisk(folder);
    const { spool } = open(data);
    for (const destination of ["ads", "warehouse"]) {
      for (const one of waiting(spool, { destinationId: destination })) spool.remove(one, destination);
    }
    // Without room for it the file would be begun anew, were all of it done.
    spool.flush();
    rmSync(join(folder, "filler"));
    await until("what is done is gone", () => spool.rows === 0 && spool.state === "open");
    expect(copiesIn(data).map(({ event: { id } }) => id)).toEqual(["e7"]);
  },
  20_000,
);
