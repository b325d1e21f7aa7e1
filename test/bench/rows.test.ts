// The table of rows, and how a ratio is held to it.
import { expect, test } from "bun:test";
import { chooseRows, isInNats, judge, messagesOf, processesOf, ROWS, type RowPlan } from "./rows.ts";

function row(name: string): RowPlan {
  const found = ROWS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no row ${name}`);
  return found;
}

test("ROWS has each name once, and each base before the rows that are held to it", () => {
  const names = ROWS.map(({ name }) => name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  const early = ROWS.filter(({ base }, i) => base !== undefined && names.indexOf(base) >= i);
  expect(early).toEqual([]);
});

test("ROWS has a base of the same load for each row", () => {
  expect(ROWS.filter(({ base, load }) => base !== undefined && row(base).load !== load)).toEqual([]);
});

test("chooseRows adds the rows that the chosen ones are held to, and theirs, and the controls", () => {
  const names = ["bare-mix", "bare-one", "mix", "one", "bare-workers-4", "workers-4"];
  expect(chooseRows(["workers-4", "one"])).toEqual(names.map(row));
});

test("chooseRows returns the name that is none", () => {
  expect(chooseRows(["one", "two"])).toBe("two");
});

test("processesOf counts the workers that share the connections", () => {
  const names = ["workers-4", "bare-workers-4", "mix", "bare-mix"];
  expect(names.map((name) => processesOf(row(name)))).toEqual([4, 4, 1, 1]);
});

test("isInNats tells the gateway in front of NATS from its spool, and from servers that keep nothing", () => {
  expect(["mix", "one-10", "spool", "parse"].map((name) => isInNats(row(name)))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("messagesOf counts the destinations of an event", () => {
  expect(["one-10", "one", "bare-one"].map((name) => messagesOf(row(name)))).toEqual([10, 1, 1]);
});

for (const [ratio, verdict] of [
  [2.1, "reached"],
  [2.104, "reached"],
  [2.11, "must reached"],
  [2.504, "must reached"],
  [2.506, "missed"],
] as const) {
  test(`judge says "${verdict}" of ${ratio} where 2.50 must and 2.10 should be`, () => {
    expect(judge(ratio, { must: 2.5, aim: 2.1 })).toBe(verdict);
  });
}

test("judge says nothing of a row that is held to nothing, and takes what must be for the aim where there is none", () => {
  expect(judge(1, {})).toBe("");
  expect([0.5, 0.51].map((ratio) => judge(ratio, { must: 0.5 }))).toEqual(["reached", "missed"]);
});
