import { expect, test } from "bun:test";
import { NEIGHBOUR_FAULTS } from "../faults/neighbours.ts";
import { FAULTS } from "../faults/table.ts";
import { readDocument, rowsUnder } from "./markdown.ts";

const ROWS = rowsUnder(readDocument("docs/guarantees.md"), "The fault table");

test("docs/guarantees.md has a row of figures for every fault", () => {
  expect(ROWS.map(([number, name]) => [Number(number), name])).toEqual(
    FAULTS.map(({ number, name }) => [number, name]),
  );
});

test("docs/guarantees.md shows no fault that loses an event or stores one twice, and at least 20,000 answered in each", () => {
  for (const [, name, answered = "", , , lost, twice] of ROWS) {
    expect({ name, lost, twice }).toEqual({ name, lost: "0", twice: "0" });
    expect(Number(answered.replaceAll(",", ""))).toBeGreaterThanOrEqual(20_000);
  }
});

const NEIGHBOURS = rowsUnder(readDocument("docs/guarantees.md"), "The table of neighbours");

test("docs/guarantees.md has a row of figures for every fault of a neighbour", () => {
  expect(NEIGHBOURS.map(([number, name]) => [Number(number), name])).toEqual(
    NEIGHBOUR_FAULTS.map(({ number, name }) => [number, name]),
  );
});

test("docs/guarantees.md shows no neighbour that costs a healthy destination an event, a row of the spool or its rate", () => {
  for (const [, name, answered = "", lost, twice, spooled, rate = "", ...others] of NEIGHBOURS) {
    const [brokenLost, brokenTwice] = others.slice(-2);
    const counts = { lost, twice, spooled, brokenLost, brokenTwice };
    expect({ name, ...counts }).toEqual({
      name,
      ...{ lost: "0", twice: "0", spooled: "0", brokenLost: "0", brokenTwice: "0" },
    });
    expect(Number(answered.replaceAll(",", ""))).toBeGreaterThanOrEqual(20_000);
    expect(Number.parseFloat(rate)).toBeGreaterThanOrEqual(95);
  }
});
