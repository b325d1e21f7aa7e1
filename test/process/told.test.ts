import { expect, test } from "bun:test";
import { createTold } from "../../src/process/told.ts";

/** The reports of a worker whose events a test counts, and what was told. */
function start() {
  const heard: unknown[] = [];
  const world = { events: 0 };
  const told = createTold(
    () => ({ ...world }),
    (status) => heard.push(status),
    () => heard.push("snapshot"),
  );
  return { world, told, next: () => heard.splice(0) };
}

test("createTold tells how a worker is at first, and when it is not what it was", () => {
  const { world, told, next } = start();
  told.status();
  told.status();
  expect(next()).toEqual([{ events: 0 }]);
  world.events = 1;
  told.status();
  told.status();
  expect(next()).toEqual([{ events: 1 }]);
});

test("createTold tells a snapshot once after each change", () => {
  const { world, told, next } = start();
  told.snapshot();
  expect(next()).toEqual([]);
  told.status();
  told.snapshot();
  told.snapshot();
  expect(next()).toEqual([{ events: 0 }, "snapshot"]);
  world.events = 1;
  told.status();
  told.snapshot();
  expect(next()).toEqual([{ events: 1 }, "snapshot"]);
});
