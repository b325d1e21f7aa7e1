import { expect, test } from "bun:test";
import { addTotals, noTotals } from "../../src/observe/totals.ts";

const SOME = { published: 1, spooled: 2, quarantined: 6, failed: 3, rejected: 4, dropped: 5 };

test("addTotals adds up outcome by outcome, and changes nothing that it is given", () => {
  const before = { ...SOME };
  expect(addTotals([SOME, SOME, noTotals()])).toEqual({
    published: 2,
    spooled: 4,
    quarantined: 12,
    failed: 6,
    rejected: 8,
    dropped: 10,
  });
  expect(SOME).toEqual(before);
});

test("addTotals is zero of everything for nobody", () => {
  expect(addTotals([])).toEqual({
    published: 0,
    spooled: 0,
    quarantined: 0,
    failed: 0,
    rejected: 0,
    dropped: 0,
  });
});
