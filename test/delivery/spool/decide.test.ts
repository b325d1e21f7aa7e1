// What an operator does with a quarantine, from another process, beside a spool that is open.
import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type DecideOptions, type Decision, openDecided } from "../../../src/delivery/spool/decide.ts";
import { sideLogOf } from "../../../src/delivery/spool/sidelog.ts";
import type { Spool } from "../../../src/delivery/spool/spool.ts";
import { event, putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { append, copiesOf, MIB, open, twoRoutes, waiting } from "../../support/spools.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

const NOW = 5000;

function decided(folder: string, decision: Decision, fields: Partial<DecideOptions> = {}) {
  const path = join(folder, "spool.db");
  const options = { path, destinationId: null, maxBytes: 64 * MIB, isAlone: false, clock: () => NOW };
  return openDecided(decision, { ...options, ...fields });
}

/** Does all of it; gives how many were there, how many are done, and how many rows stay. */
function decide(...args: Parameters<typeof decided>): readonly number[] {
  const one = decided(...args);
  try {
    while (one.next());
    return [one.count, one.done, one.damaged];
  } finally {
    one.close();
  }
}

async function refuse(spool: Spool, count: number): Promise<void> {
  const routes = twoRoutes();
  const copies = copiesOf(routes, { quarantine: "too large" });
  const appends = Array.from(
    { length: count },
    (_, index) => new Promise((resolve) => spool.append(event(`e${index}`, { routes }), copies, resolve)),
  );
  expect(await Promise.all(appends)).not.toContain(false);
}

const idsOf = (spool: Spool, destinationId: string) => waiting(spool, { destinationId }).map(({ id }) => id);
const all = (count: number) => Array.from({ length: count }, (_, index) => `e${index}`);

test("openDecided puts copies back at the end of their backlog, and the open spool notices it by itself", async () => {
  const folder = temporaryFolder();
  const { spool, log } = open(folder);
  await append(spool, "before");
  await refuse(spool, 500);
  expect(decide(folder, "retry", { destinationId: "ads" })).toEqual([500, 500, 0]);
  await until("it is noticed", () => spool.quarantined().size === 1);
  expect(spool.backlogs().get("ads")).toEqual({
    copies: 500,
    bytes: spool.bytes - event("before").payload.length,
    oldestAtMs: NOW,
  });
  expect([idsOf(spool, "ads"), idsOf(spool, "warehouse")]).toEqual([all(500), ["before"]]);
  expect(spool.rows).toBe(501);
  // Sequences go on after those that the other process has given.
  expect(await append(spool, "after")).toBe(true);
  expect(idsOf(spool, "warehouse")).toEqual(["before", "after"]);
  for (const destinationId of ["ads", "warehouse"]) {
    for (const one of waiting(spool, { destinationId })) spool.remove(one, destinationId);
  }
  spool.flush();
  expect(spool).toMatchObject({ rows: 0, bytes: 0 });
  expect(spool.quarantined().get("warehouse")?.copies).toBe(500);
  expect(log.lines).toEqual([]);
});

test("openDecided throws copies away for good, those of one destination or all", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  await refuse(spool, 3);
  expect(decide(folder, "discard", { destinationId: "ads" })).toEqual([3, 3, 0]);
  await until("it is noticed", () => spool.quarantined().size === 1);
  expect(decide(folder, "discard")).toEqual([3, 3, 0]);
  await until("it is noticed", () => spool.quarantined().size === 0);
  expect([spool.rows, decide(folder, "retry")]).toEqual([0, [0, 0, 0]]);
});

test("openDecided ends, though each copy that it puts back is refused again", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  await refuse(spool, 300);
  const one = decided(folder, "retry", { destinationId: "ads" });
  let rounds = 0;
  for (; one.next(); rounds++) {
    for (const copy of waiting(spool, { destinationId: "ads" })) spool.quarantine(copy, "ads", "too large");
    spool.flush();
  }
  one.close();
  expect([rounds, one.done]).toEqual([2, 300]);
  await until("it is noticed", () => spool.quarantined().get("ads")?.copies === 300);
});

test("openDecided changes at most 200 copies at once, so that the gateway can write in between", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  await refuse(spool, 250);
  const one = decided(folder, "discard");
  const steps: number[] = [];
  while (one.next()) {
    steps.push(one.done);
    expect(await append(spool, `between-${steps.length}`)).toBe(true);
  }
  one.close();
  expect(steps).toEqual([200, 400, 500]);
});

test("openDecided leaves a row that is not what was written when it puts back, and removes it when it throws away", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  await refuse(spool, 2);
  spool.close();
  const file = new DatabaseSync(join(folder, "spool.db"));
  file.exec("UPDATE quarantined SET subject = 'pixel.ads.pagf' WHERE id = 'e0' AND destination = 'ads'");
  file.close();
  expect(decide(folder, "retry", { isAlone: true })).toEqual([4, 3, 1]);
  const again = open(folder).spool;
  expect([idsOf(again, "ads"), idsOf(again, "warehouse")]).toEqual([["e1"], ["e0", "e1"]]);
  again.close();
  expect(decide(folder, "discard", { isAlone: true })).toEqual([1, 1, 0]);
});

test("openDecided marks a file of nobody as closed, and not one that a gateway has open", async () => {
  const folder = temporaryFolder();
  const { spool } = open(folder);
  await refuse(spool, 1);
  const path = join(folder, "spool.db");
  const markOf = () => {
    const file = new DatabaseSync(path, { readOnly: true });
    const { application_id: mark } = file.prepare("PRAGMA application_id").get() ?? {};
    file.close();
    return mark;
  };
  const opened = markOf();
  decide(folder, "retry");
  expect(markOf()).toBe(opened);
  spool.close();
  const [copy, bytes] = [join(temporaryFolder(), "spool.db"), readFileSync(path)];
  // As a killed gateway leaves it, its log empty.
  bytes.writeUInt32BE(Number(opened), 68);
  writeFileSync(copy, bytes);
  expect(sideLogOf(copy)).toBe("missing");
  const one = openDecided("retry", {
    path: copy,
    destinationId: null,
    maxBytes: MIB,
    isAlone: true,
    clock: () => NOW,
  });
  one.close();
  expect(sideLogOf(copy)).toBe("whole");
});

test("openDecided refuses a file of a newer version, and what is no spool", () => {
  const folder = temporaryFolder();
  open(folder).spool.close();
  const path = join(folder, "spool.db");
  const file = new DatabaseSync(path);
  file.exec("PRAGMA user_version = 99");
  file.close();
  expect(() => decide(folder, "retry")).toThrow(
    /^Cannot change the spool "[^"]+": a newer Pixelgate wrote it$/,
  );
  writeFileSync(path, "no database at all ".repeat(500));
  expect(() => decide(folder, "retry")).toThrow(/^Cannot change the spool "[^"]+": file is not a database$/);
});
