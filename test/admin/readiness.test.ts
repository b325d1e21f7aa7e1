import { expect, test } from "bun:test";
import { findObstacles } from "../../src/admin/readiness.ts";
import { IDLE } from "../support/ports.ts";

const cases = [
  ["has none while events go to the spool", IDLE, false, []],
  ["has none while NATS is down and the spool takes events", { ...IDLE, nats: "down" }, false, []],
  ["names draining", IDLE, true, [/^draining/]],
  ["names a full spool", { ...IDLE, nats: "up", spool: "full" }, false, [/^spool is full/]],
  ["names a spool that fails", { ...IDLE, nats: "up", spool: "failing" }, false, [/^spool is failing/]],
  [
    "names NATS beside a full spool when it is down",
    { ...IDLE, nats: "down", spool: "full" },
    false,
    [/^spool is full/, /^NATS is down/],
  ],
  [
    "names NATS beside a full spool when no ack can be counted on",
    { ...IDLE, nats: "degraded", spool: "full" },
    true,
    [/^draining/, /^spool is full/, /^NATS is degraded: connected, but an ack cannot be counted on$/],
  ],
] as const;

for (const [what, state, isDraining, expected] of cases) {
  test(`findObstacles ${what}`, () => {
    const found = findObstacles(state, isDraining);
    expect(found).toHaveLength(expected.length);
    for (const [index, pattern] of expected.entries()) expect(found[index]).toMatch(pattern);
  });
}
