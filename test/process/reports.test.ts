// What several workers are together: what they report kept, and as the admin port tells it of real processes.
import { describe, expect, test } from "bun:test";
import type { DeliveryState } from "../../src/delivery/state.ts";
import type { Snapshot } from "../../src/observe/snapshot.ts";
import type { Totals } from "../../src/observe/totals.ts";
import { createReports } from "../../src/process/reports.ts";
import type { WorkerStatus } from "../../src/process/worker.ts";
import { putAwayAfterEach } from "../support/parts.ts";
import { IDLE } from "../support/ports.ts";
import { until } from "../support/until.ts";
import {
  killWorker,
  namesOf,
  send,
  sendMany,
  spooledBy,
  startWorkers,
  statusOf,
  sumOf,
  watchLive,
} from "../support/workers.ts";

putAwayAfterEach();

const ONE = { published: 1, spooled: 20, quarantined: 7, failed: 300, rejected: 4000, dropped: 50_000 };
const THREE = { published: 3, spooled: 60, quarantined: 21, failed: 900, rejected: 12_000, dropped: 150_000 };
const UP: DeliveryState = { ...IDLE, nats: "up" };

const statusWith = (state: DeliveryState, totals: Totals, isShedding = false): WorkerStatus => ({
  state,
  totals,
  isShedding,
});

/** A snapshot with one counter and one gauge. */
function snapshotOf(accepted: number, spooled: number): Snapshot {
  const metric = (type: string, name: string, value: number): Snapshot[number] => ({
    name,
    help: name,
    type,
    aggregator: "sum",
    values: [{ value, labels: {} }],
  });
  return [metric("counter", "accepted", accepted), metric("gauge", "spooled", spooled)];
}

/** The sum of a metric over snapshots. */
function sumIn(snapshots: readonly Snapshot[], name: string): number {
  const values = snapshots
    .flat()
    .filter((metric) => metric.name === name)
    .flatMap((metric) => metric.values);
  return values.reduce((sum, { value }) => sum + value, 0);
}

describe("createReports", () => {
  test("createReports has the last status and the last snapshot of each worker", () => {
    const reports = createReports();
    reports.takeStatus(0, statusWith({ ...UP, spooled: 9 }, ONE));
    reports.takeSnapshot(0, snapshotOf(1, 1));
    reports.takeStatus(1, statusWith({ ...UP, spooled: 2 }, ONE));
    reports.takeSnapshot(1, snapshotOf(10, 2));
    reports.takeStatus(0, statusWith({ ...UP, spooled: 1 }, { ...ONE, published: 2 }));
    reports.takeSnapshot(0, snapshotOf(5, 3));
    expect(reports.state()).toEqual({ ...UP, spooled: 3 });
    expect(reports.totals().published).toBe(3);
    expect(sumIn(reports.snapshots(), "accepted")).toBe(15);
    expect(sumIn(reports.snapshots(), "spooled")).toBe(5);
  });

  test("createReports counts what a dead worker has counted once, before and after another one takes its place", () => {
    const reports = createReports();
    for (const index of [0, 1, 2]) {
      reports.takeStatus(index, statusWith(UP, ONE));
      reports.takeSnapshot(index, snapshotOf(1, 0));
    }
    reports.retire(1);
    expect(reports.totals()).toEqual(THREE);
    expect(sumIn(reports.snapshots(), "accepted")).toBe(3);
    reports.takeStatus(1, statusWith(UP, ONE));
    reports.takeSnapshot(1, snapshotOf(1, 0));
    expect(reports.totals().rejected).toBe(16_000);
    expect(sumIn(reports.snapshots(), "accepted")).toBe(4);
    for (const index of [0, 1, 2]) reports.retire(index);
    expect(reports.totals().rejected).toBe(16_000);
    expect(sumIn(reports.snapshots(), "accepted")).toBe(4);
  });

  test("createReports counts a worker that dies twice, and says nothing in between, once", () => {
    const reports = createReports();
    reports.takeStatus(0, statusWith(UP, ONE));
    reports.takeSnapshot(0, snapshotOf(1, 0));
    for (let times = 0; times < 3; times++) reports.retire(0);
    expect(reports.totals()).toEqual(ONE);
    expect(sumIn(reports.snapshots(), "accepted")).toBe(1);
  });

  test("createReports counts the workers that have closed their port, of those that live", () => {
    const reports = createReports();
    for (const index of [0, 1, 2]) reports.takeStatus(index, statusWith(UP, ONE, index > 0));
    expect(reports.shedding()).toBe(2);
    reports.retire(2);
    expect(reports.shedding()).toBe(1);
    reports.takeStatus(1, statusWith(UP, ONE));
    expect(reports.shedding()).toBe(0);
  });

  test("createReports forgets what a dead worker was and held", () => {
    const reports = createReports();
    reports.takeStatus(0, statusWith(UP, ONE));
    reports.takeSnapshot(0, snapshotOf(0, 4));
    reports.takeStatus(
      1,
      statusWith({ ...UP, nats: "down", spool: "full", spooled: 7, oldestSpooledMs: 5 }, ONE),
    );
    reports.takeSnapshot(1, snapshotOf(0, 7));
    reports.retire(1);
    expect(reports.state()).toEqual(UP);
    expect(sumIn(reports.snapshots(), "spooled")).toBe(4);
  });
});

describe("the admin port of several workers", () => {
  test("supervise adds up what each worker has spooled", async () => {
    const gateway = await startWorkers(2);
    expect(await sendMany(gateway, namesOf("e", 100))).toHaveLength(100);
    for (const index of [0, 1]) expect(spooledBy(gateway, index).length).toBeGreaterThan(0);
    await until("all of them are told", async () => (await statusOf(gateway)).delivery.spooled === 100);
    expect(await sumOf(gateway, "pixelgate_spool_events")).toBe(100);
  });

  test("supervise knows what all workers hold as soon as it says where they listen", async () => {
    const former = await startWorkers(2);
    await sendMany(former, namesOf("e", 100));
    for (const index of [0, 1]) expect(spooledBy(former, index).length).toBeGreaterThan(0);
    await former.stop();
    const gateway = await startWorkers(2, { dataDir: former.dataDir });
    expect((await statusOf(gateway)).delivery.spooled).toBe(100);
  });

  test("supervise lets no total go back or ahead when a worker dies", async () => {
    const gateway = await startWorkers(2);
    await sendMany(gateway, namesOf("before", 100));
    const seen = new Set<number>();
    const look = async () => {
      seen.add((await statusOf(gateway)).totals.spooled);
      seen.add(await sumOf(gateway, "pixelgate_accepted_total"));
    };
    await until("each worker has said what it counted", async () => {
      const { totals } = await statusOf(gateway);
      return totals.spooled === 100 && (await sumOf(gateway, "pixelgate_accepted_total")) === 100;
    });
    await killWorker(gateway, look);
    await look();
    expect([...seen]).toEqual([100]);
    const ids = namesOf("after", 50);
    // The port of the killed worker is gone with it; the others take every connection.
    expect(await sendMany(gateway, ids)).toEqual(ids);
    await until(
      "the new events are counted",
      async () => (await sumOf(gateway, "pixelgate_accepted_total")) === 150,
    );
  });

  test("supervise shows the records of each worker on the live feed, also of one that it has started again", async () => {
    const gateway = await startWorkers(2);
    const isShown = await watchLive(gateway);
    const untilBothShow = (what: string, prefix: string) => {
      let sent = 0;
      return until(what, async () => {
        await send(gateway, `${prefix}${sent++}`);
        const ofEach = [0, 1].map((index) => spooledBy(gateway, index).filter((id) => id.startsWith(prefix)));
        return ofEach.every((ids) => ids.some(isShown));
      });
    };
    await untilBothShow("both workers show what they take", "first");
    await killWorker(gateway);
    await untilBothShow("the new worker does too", "second");
  });
});
