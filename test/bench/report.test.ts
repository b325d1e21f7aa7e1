// The table of figures: medians, ratios, and their range over rounds.
import { expect, test } from "bun:test";
import { median, type Sample, tabulate } from "./report.ts";
import type { RowPlan } from "./rows.ts";

const BARE: RowPlan = { name: "bare", load: "one", server: { small: "bare" } };
const OURS: RowPlan = { name: "ours", load: "one", server: {}, base: "bare", must: 2.5, aim: 2.1 };

function samples(costs: readonly number[], notOk = 0): Sample[] {
  const rest = {
    requests: 1,
    notOk,
    perSecond: 1000.4,
    p50Ms: 1,
    p99Ms: 2,
    natsUs: 7.5,
    notStored: 3,
    rssBytes: 5e7,
  };
  return costs.map((cpuUs) => ({ ...rest, cpuUs }));
}

test("median is the one in the middle, the upper one of two", () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([])]).toEqual([2, 3, Number.NaN]);
});

test("tabulate divides the median of a row by that of its base, and tells the range of single rounds", () => {
  const [bare, ours] = tabulate([
    { plan: BARE, samples: samples([10, 30, 10]) },
    { plan: OURS, samples: samples([20, 30, 24], 2) },
  ]);
  expect(bare).toMatchObject({ ratio: "1.00", "of rounds": "", verdict: "", "nats-server µs": "" });
  expect(ours).toMatchObject({
    "CPU µs": "24.0",
    "÷ by": "bare",
    ratio: "2.40",
    "of rounds": "1.00 – 2.40",
    must: "2.50",
    aim: "2.10",
    verdict: "must reached",
    "nats-server µs": "7.5",
    "not 200": 6,
    "not in NATS": 9,
  });
});
