import { expect, test } from "bun:test";
import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { readSpool } from "../../../src/delivery/spool/reader.ts";
import { event, putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { append, appendMany, copiesOf, ids, MIB, open, waiting } from "../../support/spools.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

test("openSpool keeps events over a close, oldest first and whole", async () => {
  const folder = temporaryFolder();
  const first = open(folder, 64 * MIB, () => 1_700_000_000_000).spool;
  const one = event("one", {
    type: "track",
    sourceId: "shop",
    payload: '{"name":"Ünïcödé \\u0000 👋"}',
    routes: [
      { destinationId: "warehouse", subject: "pixel.warehouse.track", stream: "PIXEL" },
      { destinationId: "alerts", subject: "pixel.alerts.track", stream: "PIXEL" },
    ],
  });
  const isSafe = await new Promise((resolve) =>
    first.append(one, copiesOf(one.routes.slice(1), { mayBeStored: true }), resolve),
  );
  await append(first, "two");
  expect(isSafe).toBe(true);
  expect(first.rows).toBe(2);
  expect(first.oldestAt).toBe(1_700_000_000_000);
  first.close();

  const again = open(folder).spool;
  const wanted = { destinationId: "alerts" };
  const events = waiting(again, wanted);
  expect(ids(again)).toEqual(["two"]);
  expect(events.map(({ id }) => id)).toEqual(["one"]);
  expect(events[0]).toMatchObject({
    ...one,
    routes: [{ destinationId: "alerts", subject: "pixel.alerts.track" }],
    spooledAtMs: 1_700_000_000_000,
  });
  expect(again.rows).toBe(2);
  expect(again.bytes).toBe(one.payload.length + event("two").payload.length);
  expect(again.oldestAt).toBe(1_700_000_000_000);
  const sent = waiting(again, { ...wanted, onlyMaybeStored: true });
  expect(sent.map(({ id }) => id)).toEqual(["one"]);
});

test("append commits what one turn brings as one transaction, and answers after it", async () => {
  const { spool } = open(temporaryFolder());
  const order: string[] = [];
  for (const id of ["a", "b", "c"]) {
    const one = event(id);
    spool.append(one, copiesOf(one.routes), () => order.push(`${id}:${spool.rows}`));
  }
  order.push(`before:${spool.rows}`);
  await until("all are answered", () => order.length === 4);
  expect(order).toEqual(["before:0", "a:3", "b:3", "c:3"]);
});

test("remove deletes rows, also from the count, and they are never read again", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  for (const id of ["a", "b", "c"]) await append(spool, id);
  const events = waiting(spool, { limit: 2 });
  for (const one of events) spool.remove(one, "warehouse");
  expect(ids(spool)).toEqual(["c"]);
  await until("they are deleted", () => spool.rows === 1);
  spool.close();
  const again = open(folder).spool;
  expect(ids(again)).toEqual(["c"]);
  expect(again.rows).toBe(1);
});

test("remove leaves an event for the destinations that have not got it yet", async () => {
  const { spool } = open(temporaryFolder());
  const routes = [
    { destinationId: "a", subject: "pixel.a.page", stream: "PIXEL" },
    { destinationId: "b", subject: "pixel.b.page", stream: "PIXEL" },
  ];
  const one = event("one", { routes });
  await new Promise((resolve) => spool.append(one, copiesOf(routes), resolve));
  const [found] = waiting(spool, { destinationId: "a" });
  if (found === undefined) throw new Error("nothing was spooled");
  spool.remove(found, "a");
  for (const flush of [() => {}, spool.flush]) {
    flush();
    expect(waiting(spool, { destinationId: "a" })).toEqual([]);
    expect(waiting(spool, { destinationId: "b" })[0]?.routes).toEqual([
      { destinationId: "b", subject: "pixel.b.page" },
    ]);
  }
  // What was read before knows nothing of that.
  spool.remove(found, "b");
  spool.flush();
  expect(spool).toMatchObject({ rows: 0, bytes: 0 });
});

test("append refuses past the bound, says full, and takes events again when rows are gone", async () => {
  const folder = temporaryFolder();
  const { spool, log } = open(folder, MIB);
  const payload = JSON.stringify({ filler: "x".repeat(10_000) });
  const answers = await appendMany(spool, 50, payload);
  expect(answers).not.toContain(false);
  let refused = 0;
  for (let round = 0; round < 100 && refused === 0; round++)
    if (!(await append(spool, "more", payload))) refused++;
  expect(refused).toBe(1);
  expect(spool.state).toBe("full");
  expect(log.lines.join()).toContain("the spool is full");
  expect(statSync(join(folder, "spool.db")).size).toBeLessThanOrEqual(MIB);

  for (const one of waiting(spool, { limit: 40 })) spool.remove(one, "warehouse");
  await until("there is room", () => spool.state === "open");
  expect(await append(spool, "late", payload)).toBe(true);
  expect(ids(spool)).toContain("late");
}, 30_000);

test("append loses nothing that it called safe when batches hit the bound", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder, MIB);
  const payload = JSON.stringify({ filler: "x".repeat(3000) });
  const safe: string[] = [];
  for (let batch = 0; batch < 12; batch++) {
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const id = `${batch}-${index}`;
        return (await append(spool, id, payload)) ? id : null;
      }),
    );
    safe.push(...answers.filter((id) => id !== null));
  }
  expect(safe.length).toBeGreaterThan(100);
  expect(safe.length).toBeLessThan(480);
  spool.close();
  expect(ids(open(folder, MIB).spool)).toEqual(safe);
});

test("openSpool gives room back to the disk when a long backlog is gone", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  await appendMany(spool, 4000, JSON.stringify({ filler: "x".repeat(3000) }));
  for (const one of waiting(spool, { limit: 10_000 })) spool.remove(one, "warehouse");
  const path = join(folder, "spool.db");
  expect(existsSync(path)).toBe(true);
  await until("the file is small", () => {
    if (spool.rows === 0) readSpool(folder, { afterSeq: 0, limit: 1 });
    return spool.rows === 0 && statSync(path).size < 6 * MIB;
  });
  spool.close();
  rmSync(path);
}, 30_000);
