import { expect, test } from "bun:test";
import { createRequests } from "./requests.ts";
import { LOADS } from "./rows.ts";
import { newShapes, SHARES, targetsOfRun } from "./strangers.ts";

/** The keys of a request's query, as they stand in it. */
function shapeOf(request: string): string {
  const [query = ""] = /\?\S*/.exec(request) ?? [];
  return query.replace(/=[^&]*/g, "");
}

/** How many shapes of these requests none of the others of the second list has. */
function countNew(requests: readonly string[], known: readonly string[]): number {
  const old = new Set(known.map(shapeOf));
  return new Set(requests.map(shapeOf).filter((shape) => !old.has(shape))).size;
}

test("targetsOfRun has ever new shapes: some once, some as long as a run, as many as newShapes tells", () => {
  const one = targetsOfRun(1);
  const two = targetsOfRun(2);
  const requestOf = createRequests({ targets: two });
  const sent = Array.from({ length: two.length * 2 }, (_, nth) => requestOf(nth).toString());
  const found = countNew(sent, [...one, ...LOADS.mix.targets]);
  expect(found / newShapes(sent.length, 1)).toBeCloseTo(1, 2);
  expect(found / two.length).toBeCloseTo(2 * SHARES.once + SHARES.ofThisRun, 2);
});

test("targetsOfRun keeps a target of the mix at each place that it leaves alone, so that headers fit", () => {
  const kept = targetsOfRun(1).filter((target, i) => target === LOADS.mix.targets[i]).length;
  expect(kept / LOADS.mix.targets.length).toBeCloseTo(0.5, 2);
});
