import { expect, test } from "bun:test";
import type { Clock } from "../../src/runtime/clock.ts";
import { PROBE_MS, startWaitProbe } from "../../src/server/waitprobe.ts";

/** A probe whose ticks, byte and loss a test plays, at the times that it says. */
function start() {
  const told: unknown[] = [];
  let nowMs = 0;
  let tick = () => {};
  let arrive = () => {};
  let lose = () => {};
  let isThere = true;
  let isBusy = true;
  const clock: Clock = {
    now: () => nowMs,
    after: () => () => {},
    every: (ms, act) => {
      told.push(["every", ms]);
      tick = act;
      return () => {
        tick = () => {};
      };
    },
  };
  const probe = startWaitProbe({
    clock,
    openLoopback: (onByte, onLost) => {
      arrive = onByte;
      lose = onLost;
      return {
        send() {
          if (isThere) told.push("sent");
          return isThere;
        },
        close: () => told.push("closed"),
      };
    },
    wasBusy: () => isBusy,
    onWait: (waitMs) => told.push(waitMs),
    onLost: () => told.push("lost"),
  });
  const at = (ms: number, act: () => void) => {
    nowMs = ms;
    act();
  };
  return {
    told,
    probe,
    tickAt: (ms: number) => at(ms, () => tick()),
    arriveAt: (ms: number) => at(ms, () => arrive()),
    lose: () => lose(),
    calm: (isCalm: boolean) => {
      isBusy = !isCalm;
    },
    unplug: (isUnplugged: boolean) => {
      isThere = !isUnplugged;
    },
    /** What was told since the last time. */
    next: () => told.splice(0),
  };
}

test("startWaitProbe sends a byte at each probe, and tells at the next how long it waited", () => {
  const { tickAt, arriveAt, next } = start();
  expect(next()).toEqual([["every", PROBE_MS]]);
  tickAt(100);
  expect(next()).toEqual([0, "sent"]);
  arriveAt(130);
  tickAt(200);
  expect(next()).toEqual([30, "sent"]);
  arriveAt(207);
  tickAt(300);
  expect(next()).toEqual([7, "sent"]);
});

test("startWaitProbe tells how long a byte has waited that is not there yet, and sends no second one", () => {
  const { tickAt, arriveAt, next } = start();
  tickAt(100);
  tickAt(200);
  tickAt(300);
  tickAt(400);
  arriveAt(450);
  tickAt(500);
  expect(next().slice(1)).toEqual([0, "sent", 100, 200, 300, 350, "sent"]);
});

test("startWaitProbe never tells less than the byte before has waited while one is on its way", () => {
  const { tickAt, arriveAt, next } = start();
  for (const ms of [100, 200, 300, 400]) tickAt(ms);
  arriveAt(450);
  for (const ms of [500, 600, 700]) tickAt(ms);
  arriveAt(710);
  tickAt(800);
  expect(next().slice(1)).toEqual([0, "sent", 100, 200, 300, 350, "sent", 350, 350, 210, "sent"]);
});

test("startWaitProbe counts from when a late probe was due", () => {
  const { tickAt, arriveAt, next } = start();
  tickAt(100);
  arriveAt(101);
  // The event loop was busy: due at 200, come at 900, and the byte had no chance before.
  tickAt(900);
  arriveAt(905);
  tickAt(1000);
  expect(next().slice(1)).toEqual([0, "sent", 1, "sent", 705, "sent"]);
});

test("startWaitProbe tells 0 until there is a connection", () => {
  const { tickAt, arriveAt, next, unplug } = start();
  unplug(true);
  tickAt(100);
  tickAt(200);
  unplug(false);
  tickAt(300);
  arriveAt(340);
  tickAt(400);
  expect(next().slice(1)).toEqual([0, 0, 0, "sent", 40, "sent"]);
});

test("startWaitProbe sends no byte and tells 0 while there is no request, and waits for the one that is on its way", () => {
  const { tickAt, arriveAt, next, calm } = start();
  tickAt(100);
  calm(true);
  tickAt(200);
  arriveAt(230);
  tickAt(300);
  tickAt(400);
  calm(false);
  tickAt(500);
  expect(next().slice(1)).toEqual([0, "sent", 100, 130, 0, 0, "sent"]);
});

test("startWaitProbe takes no byte for its own that it has not sent", () => {
  const { tickAt, arriveAt, next } = start();
  arriveAt(50);
  tickAt(100);
  arriveAt(120);
  arriveAt(190);
  tickAt(200);
  expect(next().slice(1)).toEqual([0, "sent", 20, "sent"]);
});

test("startWaitProbe tells no wait once the connection is lost, and that it is", () => {
  const { tickAt, next, lose } = start();
  tickAt(100);
  lose();
  tickAt(200);
  expect(next().slice(1)).toEqual([0, "sent", "lost"]);
});

test("startWaitProbe tells nothing once it is stopped, and closes the connection", () => {
  const { tickAt, next, probe } = start();
  tickAt(100);
  probe.stop();
  tickAt(200);
  expect(next().slice(1)).toEqual([0, "sent", "closed"]);
});
