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

/** What is sent of a run of a soak, each of its targets so many times. */
function sendRun(nth: number, times: number): string[] {
  const targets = targetsOfRun(nth);
  const requestOf = createRequests({ targets });
  return Array.from({ length: targets.length * times }, (_, request) => requestOf(request).toString());
}

test("targetsOfRun has ever new shapes: some once, some as long as a run, as many as newShapes tells", () => {
  const [one, two] = [sendRun(1, 1), sendRun(2, 2)];
  const { length } = LOADS.mix.targets;
  const found = countNew(two, [...one, ...LOADS.mix.targets]);
  expect(found / length).toBeCloseTo(2 * SHARES.once + SHARES.ofThisRun, 2);
  expect(found / newShapes(two.length, 1)).toBeCloseTo(1, 2);
  const all = [...one, ...two];
  expect(countNew(all, LOADS.mix.targets) / newShapes(all.length, 2)).toBeCloseTo(1, 2);
});

test("targetsOfRun keeps a target of the mix at each place that it leaves alone, so that headers fit", () => {
  const kept = targetsOfRun(1).filter((target, i) => target === LOADS.mix.targets[i]).length;
  expect(kept / LOADS.mix.targets.length).toBeCloseTo(0.5, 2);
});
