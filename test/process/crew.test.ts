// What a crew does when workers do not come up again: they are scripted, and the clock is turned by hand.
import { expect, test } from "bun:test";
import { HOPELESS_STARTS } from "../../src/process/slot.ts";
import { putAwayAfterEach } from "../support/parts.ts";
import { settle, superviseScripted } from "../support/scriptedworkers.ts";

putAwayAfterEach();

const NONE = "no worker is running: no request is taken until one is";
const LOST = 'no worker can be started: the gateway ends {"tries":5}';
const ENOEXEC = { error: new Error("ENOEXEC: unknown error, posix_spawn") };

test("createCrew says that no worker is running when the last one is gone, and that one runs again", async () => {
  const { worker, listen, clock, log } = superviseScripted(2);
  const view = await listen();
  expect(view.processes()).toEqual({ wanted: 2, running: 2, shedding: 0 });
  await worker(0).end({ code: 1 });
  expect(log.lines).not.toContain(NONE);
  expect(view.processes().running).toBe(1);
  await worker(1).end({ code: 1 });
  expect(log.lines.at(-1)).toBe(NONE);
  expect(view.processes().running).toBe(0);
  clock.advance(500);
  expect(view.processes().running).toBe(0);
  worker(2).hear({ kind: "listening", port: 4000 });
  expect(log.lines.at(-1)).toBe('a worker runs again {"worker":0}');
  expect(view.processes().running).toBe(1);
});

test("createCrew gives up when no worker can be started, and tries none again", async () => {
  const { started, worker, listen, clock, log, supervisor } = superviseScripted(2);
  await listen();
  let isLost = false;
  void supervisor.lost.then(() => {
    isLost = true;
  });
  await worker(0).end({ code: 1 });
  await worker(1).end({ code: 1 });
  let ended = 2;
  for (let tries = 1; tries <= HOPELESS_STARTS; tries++) {
    expect(isLost).toBe(false);
    clock.advance(30_000);
    expect(started).toHaveLength(ended + 2);
    while (ended < started.length) await worker(ended++).end(ENOEXEC);
  }
  await settle();
  expect(isLost).toBe(true);
  expect(log.lines.filter((line) => line === NONE)).toHaveLength(1);
  expect(log.lines.at(-1)).toBe(LOST);
  const all = started.length;
  clock.advance(600_000);
  // One was waiting already when the last hope went; its gateway is about to end.
  expect(started.length - all).toBeLessThanOrEqual(1);
});

test("createCrew does not give up while one worker works", async () => {
  const { started, worker, listen, clock, supervisor } = superviseScripted(2);
  await listen();
  let isLost = false;
  void supervisor.lost.then(() => {
    isLost = true;
  });
  await worker(1).end({ code: 1 });
  for (let at = 2; at < 20; at++) {
    clock.advance(30_000);
    expect(started).toHaveLength(at + 1);
    await worker(at).end(ENOEXEC);
  }
  expect(isLost).toBe(false);
});

test("createCrew stops at once while no worker can be started", async () => {
  const { worker, listen, clock } = superviseScripted(1);
  const view = await listen();
  await worker(0).end({ code: 1 });
  clock.advance(500);
  await worker(1).end(ENOEXEC);
  // Resolves without any time going by.
  await view.stop();
  expect(worker(1).signals).toEqual([]);
});

test("createCrew ends every worker with SIGKILL at once, and resolves when they are gone", async () => {
  const { started, worker, listen, clock, supervisor } = superviseScripted(2);
  await listen();
  let isOver = false;
  const ending = supervisor.endAtOnce().then(() => {
    isOver = true;
  });
  for (const at of [0, 1]) expect(worker(at).signals).toEqual(["SIGKILL"]);
  await worker(0).end({ signal: "SIGKILL" });
  expect(isOver).toBe(false);
  await worker(1).end({ signal: "SIGKILL" });
  await ending;
  clock.advance(60_000);
  expect(started).toHaveLength(2);
});

test("createCrew ends workers at once that are still being started, and waits a second for them", async () => {
  const { worker, supervisor, view, clock } = superviseScripted(2);
  void view.catch(() => {});
  const ending = supervisor.endAtOnce();
  expect(worker(0).signals).toEqual(["SIGKILL"]);
  clock.advance(1000);
  await ending;
});
