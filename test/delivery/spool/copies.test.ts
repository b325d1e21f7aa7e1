// The index of copies: what it says of backlogs, and that it is made anew where it does not fit the events.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Spool } from "../../../src/delivery/spool/spool.ts";
import { event, putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { append, appendMany, copiesOf, ids, open, twoRoutes, waiting } from "../../support/spools.ts";

putAwayAfterEach();

const COUNT = 300;
const ALL = Array.from({ length: COUNT }, (_, index) => `e${index}`).toSorted();
const LINE = "the spool's index of copies is made anew";

function appendFor(spool: Spool, id: string, mayBeStored = false): Promise<boolean> {
  const routes = twoRoutes();
  return new Promise((resolve) =>
    spool.append(event(id, { routes }), copiesOf(routes, { mayBeStored }), resolve),
  );
}

test("read gives each destination its own copies, oldest first, from where it is told", async () => {
  const { spool } = open(temporaryFolder());
  await appendFor(spool, "both-1");
  await append(spool, "one");
  await appendFor(spool, "both-2", true);
  const idsOf = (fields: Parameters<typeof waiting>[1]) => waiting(spool, fields).map(({ id }) => id);
  expect(idsOf({ destinationId: "ads" })).toEqual(["both-1", "both-2"]);
  expect(idsOf({ destinationId: "warehouse", limit: 2 })).toEqual(["both-1", "one"]);
  expect(idsOf({ destinationId: "warehouse", afterSeq: 1 })).toEqual(["one", "both-2"]);
  expect(idsOf({ destinationId: "warehouse", onlyMaybeStored: true })).toEqual(["both-2"]);
  expect(idsOf({ destinationId: "nobody" })).toEqual([]);
});

test("backlogs has copies, bytes and the oldest of each destination, over a stop", async () => {
  const folder = temporaryFolder();
  let now = 1000;
  const { spool } = open(folder, undefined, () => now);
  await append(spool, "e0");
  now = 2000;
  await appendFor(spool, "e1");
  const expected = new Map([
    ["ads", { copies: 1, bytes: 11, oldestAtMs: 2000 }],
    ["warehouse", { copies: 2, bytes: 22, oldestAtMs: 1000 }],
  ]);
  expect(new Map([...spool.backlogs()].toSorted())).toEqual(expected);
  spool.close();
  const again = open(folder).spool;
  expect(new Map([...again.backlogs()].toSorted())).toEqual(expected);
  for (const one of waiting(again, { limit: 1 })) again.remove(one, "warehouse");
  again.flush();
  expect(again.backlogs().get("warehouse")).toEqual({ copies: 1, bytes: 11, oldestAtMs: 2000 });
  for (const one of waiting(again)) again.remove(one, "warehouse");
  again.flush();
  expect([...again.backlogs().keys()]).toEqual(["ads"]);
});

test("backlogs makes nothing anew for a destination whose copies a commit leaves alone", async () => {
  const { spool } = open(temporaryFolder());
  await appendFor(spool, "both");
  const backlogOf = (id: string) => spool.backlogs().get(id);
  const before = [backlogOf("ads"), backlogOf("warehouse")];
  await append(spool, "one");
  expect(backlogOf("ads")).toBe(before[0]);
  expect(backlogOf("warehouse")).not.toBe(before[1]);
});

test("remove may tell of a copy twice, and of what was read before another destination had it", async () => {
  const { spool, log } = open(temporaryFolder());
  await appendFor(spool, "e0");
  await appendFor(spool, "e1");
  const [first] = waiting(spool, { destinationId: "ads" });
  const [same] = waiting(spool);
  if (first === undefined || same === undefined) throw new Error("nothing was spooled");
  for (let time = 0; time < 2; time++) {
    spool.remove(first, "ads");
    spool.flush();
  }
  expect(ids(spool)).toEqual(["e0", "e1"]);
  spool.remove(same, "warehouse");
  spool.flush();
  expect([spool.rows, ids(spool)]).toEqual([1, ["e1"]]);
  expect(log.lines).toEqual([]);
});

/** Takes copies out as a relay does, lane by lane, for as long as there are backlogs. Gives the ids of all that came. */
function drain(spool: Spool): string[] {
  const came: string[] = [];
  for (let round = 0; round < 100 && spool.backlogs().size > 0; round++) {
    for (const destinationId of [...spool.backlogs().keys()]) {
      let afterSeq = 0;
      for (let events = waiting(spool, { destinationId, limit: 50 }); events.length > 0; ) {
        for (const one of events) {
          came.push(one.id);
          spool.remove(one, destinationId);
          afterSeq = one.seq;
        }
        spool.flush();
        events = waiting(spool, { destinationId, afterSeq, limit: 50 });
      }
    }
  }
  return came.toSorted();
}

/** What a disk could make of the index, or of its sums. */
const DAMAGES: readonly [what: string, sql: string][] = [
  ["a copy is missing", "DELETE FROM copies WHERE seq = 30"],
  ["the first copy is missing", "DELETE FROM copies WHERE seq = 1"],
  ["all copies are missing", "DELETE FROM copies"],
  ["a copy is of an event that is not there", "UPDATE copies SET seq = 5000 WHERE seq = 30"],
  ["a copy is of another destination", "UPDATE copies SET destination = 'warehousf' WHERE seq = 30"],
  ["a copy too much is there", "INSERT INTO copies VALUES ('warehouse', 5000, 0, 11)"],
  ["another destination has a copy that no event has", "INSERT INTO copies VALUES ('ads', 30, 0, 11)"],
  ["a backlog is missing", "DELETE FROM backlogs"],
  ["a backlog is another destination's", "UPDATE backlogs SET destination = 'warehousf'"],
  ["a backlog too much is there", "INSERT INTO backlogs VALUES ('ads', 5, 50)"],
  ["a backlog has too few copies", "UPDATE backlogs SET copies = 7"],
  ["a backlog has too many copies", "UPDATE backlogs SET copies = 5000"],
  ["a backlog has less than none", "UPDATE backlogs SET copies = -1"],
  ["a backlog has more than can be counted", "UPDATE backlogs SET copies = 1 << 62"],
  ["a backlog has bytes beyond all numbers", "UPDATE backlogs SET bytes = 1 << 62"],
];

for (const [what, sql] of DAMAGES) {
  test(`openSpool gives every event once, and sets nothing aside, when ${what}`, async () => {
    const folder = temporaryFolder();
    const first = open(folder).spool;
    await appendMany(first, COUNT, JSON.stringify({ filler: "x" }));
    first.close();
    const file = new DatabaseSync(join(folder, "spool.db"));
    file.exec(sql);
    file.close();
    const { spool, log } = open(folder);
    expect(drain(spool)).toEqual(ALL);
    expect(spool).toMatchObject({ rows: 0, bytes: 0, damagedRows: 0 });
    expect(log.lines.filter((line) => !line.startsWith(LINE))).toEqual([]);
    expect(log.lines).toHaveLength(1);
    spool.close();
    expect(open(folder).log.lines).toEqual([]);
  });
}

test("read gives no destination an event that does not wait for it", async () => {
  const folder = temporaryFolder();
  const first = open(folder).spool;
  await appendFor(first, "both");
  await append(first, "one");
  first.close();
  const file = new DatabaseSync(join(folder, "spool.db"));
  file.exec("INSERT INTO copies VALUES ('ads', 2, 0, 11)");
  file.close();
  const { spool, log } = open(folder);
  expect(waiting(spool, { destinationId: "ads" }).map(({ id }) => id)).toEqual(["both"]);
  expect(log.lines).toHaveLength(1);
  expect(drain(spool)).toEqual(["both", "both", "one"]);
});

test("read puts a row that nobody could deliver aside when the index is made anew, and counts it", async () => {
  const folder = temporaryFolder();
  const first = open(folder).spool;
  await appendMany(first, 5, "{}");
  first.close();
  const file = new DatabaseSync(join(folder, "spool.db"));
  file.exec("UPDATE events SET routes = 'x' WHERE id = 'e1'; DELETE FROM copies");
  file.close();
  const { spool } = open(folder);
  expect(drain(spool)).toEqual(["e0", "e2", "e3", "e4"]);
  expect(spool).toMatchObject({ rows: 0, damagedRows: 1 });
});
