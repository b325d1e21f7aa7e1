// What a supervisor does with its workers and when: the workers are scripted, and the clock is turned by hand.
import { expect, test } from "bun:test";
import { StartError } from "../../src/process/starterror.ts";
import type { WorkerEnd } from "../../src/process/workerprocess.ts";
import { putAwayAfterEach } from "../support/parts.ts";
import { IDLE } from "../support/ports.ts";
import { settle, superviseScripted } from "../support/scriptedworkers.ts";

putAwayAfterEach();

const TOTALS = { published: 1, spooled: 0, quarantined: 0, failed: 0, rejected: 0, dropped: 0 };

const VIEWERS = [{ id: 1, filter: { sources: ["shop"], destinations: [], types: [], outcomes: [] } }];

test("supervise starts the next worker on the port of the first, once that listens", async () => {
  const { started, worker, listen, view } = superviseScripted(3, { PORT: "0" });
  expect(started.map(({ index, port }) => [index, port])).toEqual([[0, 0]]);
  worker(0).hear({ kind: "listening", port: 4000 });
  await settle();
  expect(started.map(({ index, port }) => [index, port])).toEqual([
    [0, 0],
    [1, 4000],
  ]);
  await listen();
  expect(started.at(2)).toMatchObject({ index: 2, port: 4000 });
  expect((await view).port).toBe(4000);
});

const FAILURES: readonly [end: Partial<WorkerEnd>, message: string][] = [
  [{ code: 1 }, "Cannot start a worker: it ended with exit code 1"],
  [{ signal: "SIGKILL" }, "Cannot start a worker: it ended with SIGKILL"],
  [{ error: new Error("spawn EAGAIN") }, "Cannot start a worker: spawn EAGAIN"],
];
for (const [end, message] of FAILURES) {
  test(`supervise says "${message}", and ends the others`, async () => {
    const { started, worker, view, clock } = superviseScripted(2);
    worker(0).hear({ kind: "listening", port: 4000 });
    await settle();
    const failed = view.catch((error: unknown) => error);
    await worker(1).end(end);
    expect(worker(0).signals).toEqual(["SIGKILL"]);
    await worker(0).end({ signal: "SIGKILL" });
    const error = await failed;
    expect(error).toBeInstanceOf(StartError);
    expect(error).toMatchObject({ name: "StartError", message, code: 1 });
    expect((error as StartError).cause).toBe(end.error);
    clock.advance(60_000);
    expect(started).toHaveLength(2);
  });
}

test("supervise waits 15 seconds for a worker to listen, and then ends it", async () => {
  const { worker, view, clock } = superviseScripted(2);
  const failed = view.catch((error: unknown) => error);
  clock.advance(14_999);
  expect(worker(0).signals).toEqual([]);
  clock.advance(1);
  expect(worker(0).signals).toContain("SIGKILL");
  await worker(0).end({ signal: "SIGKILL" });
  expect(await failed).toMatchObject({ message: "Cannot start a worker: it does not listen" });
});

test("supervise starts a dead worker again after half a second, in its slot and on the same port", async () => {
  const { started, worker, listen, clock, log } = superviseScripted(2, { PORT: "0" });
  await listen();
  await worker(0).end({ signal: "SIGSEGV" });
  expect(log.lines).toEqual([
    'a worker ended and is started again {"worker":0,"code":null,"signal":"SIGSEGV","waitMs":500}',
  ]);
  clock.advance(499);
  expect(started).toHaveLength(2);
  clock.advance(1);
  expect(started).toHaveLength(3);
  expect(worker(2)).toMatchObject({ index: 0, port: 4000 });
});

test("supervise starts a worker again that dies while others are still being started", async () => {
  const { started, worker, view, clock } = superviseScripted(2);
  worker(0).hear({ kind: "listening", port: 4000 });
  await settle();
  await worker(0).end({ code: 1 });
  clock.advance(500);
  expect(started.map(({ index }) => index)).toEqual([0, 1, 0]);
  worker(1).hear({ kind: "listening", port: 4000 });
  expect((await view).port).toBe(4000);
});

test("supervise goes on trying when a worker cannot be started again, or does not listen", async () => {
  const { started, worker, listen, clock, log } = superviseScripted(1);
  await listen();
  await worker(0).end({ code: 1 });
  clock.advance(500);
  await worker(1).end({ error: new Error("spawn EAGAIN") });
  expect(log.lines.at(-1)).toBe(
    'a worker ended and is started again {"worker":0,"error":"spawn EAGAIN","waitMs":1000}',
  );
  clock.advance(1000);
  clock.advance(15_000);
  expect(worker(2).signals).toEqual(["SIGKILL"]);
  await worker(2).end({ signal: "SIGKILL" });
  clock.advance(1999);
  expect(started).toHaveLength(3);
  clock.advance(1);
  expect(started).toHaveLength(4);
});

test("supervise counts what a dead worker has said, and does not keep what it was", async () => {
  const { worker, listen } = superviseScripted(2);
  const view = await listen();
  const state = { ...IDLE, nats: "up", spooled: 5 } as const;
  for (const at of [0, 1]) {
    worker(at).hear({ kind: "status", status: { state, totals: TOTALS, isShedding: false } });
  }
  await worker(1).end({ code: 1 });
  expect(view.metrics.totals().published).toBe(2);
  expect(view.state()).toMatchObject({ nats: "up", spooled: 5 });
});

test("supervise tells workers who watches, and when nobody does any more", async () => {
  const { worker, listen, clock, live } = superviseScripted(2);
  await listen();
  clock.advance(1000);
  expect(worker(1).told).toEqual([]);
  live.viewers = VIEWERS;
  clock.advance(1000);
  live.viewers = [];
  clock.advance(1000);
  for (const at of [0, 1]) {
    expect(worker(at).told).toEqual([
      { kind: "watch", viewers: VIEWERS },
      { kind: "watch", viewers: [] },
    ]);
  }
});

test("supervise tells a worker that it has started again who watches, once that can hear it", async () => {
  const { worker, listen, clock, live } = superviseScripted(1);
  await listen();
  live.viewers = VIEWERS;
  clock.advance(100);
  await worker(0).end({ code: 1 });
  clock.advance(500);
  expect(worker(1).told).toEqual([]);
  worker(1).hear({ kind: "listening", port: 4000 });
  expect(worker(1).told).toEqual([{ kind: "watch", viewers: VIEWERS }]);
});

test("supervise ends each worker with SIGTERM, and starts none again", async () => {
  const { started, worker, listen, clock } = superviseScripted(2);
  const view = await listen();
  await worker(0).end({ code: 1 });
  let isStopped = false;
  const stopping = view.stop().then(() => {
    isStopped = true;
  });
  clock.advance(5000);
  expect(started).toHaveLength(2);
  expect(worker(1).signals).toEqual(["SIGTERM"]);
  expect(isStopped).toBe(false);
  await worker(1).end({ code: 0 });
  await stopping;
  clock.advance(60_000);
  expect(started).toHaveLength(2);
  expect(worker(1).signals).toEqual(["SIGTERM"]);
});

test("supervise ends with SIGKILL a worker that takes a second longer than the configured times", async () => {
  const { worker, listen, clock } = superviseScripted(1, {
    SHUTDOWN_DELAY_MS: "3000",
    SHUTDOWN_TIMEOUT_MS: "20000",
  });
  const view = await listen();
  const stopping = view.stop();
  clock.advance(23_999);
  expect(worker(0).signals).toEqual(["SIGTERM"]);
  clock.advance(1);
  expect(worker(0).signals).toEqual(["SIGTERM", "SIGKILL"]);
  await worker(0).end({ signal: "SIGKILL" });
  await stopping;
});
