import { expect, test } from "bun:test";
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
