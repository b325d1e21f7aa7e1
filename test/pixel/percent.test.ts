// What decoding costs where values are broken, in calls and never in time. What it gives: test/pixel/query.test.ts.
import { expect, spyOn, test } from "bun:test";
import { decode } from "../../src/pixel/percent.ts";

test("decode has the engine throw for one broken value in 64, not for each", () => {
  const engine = spyOn(globalThis, "decodeURIComponent");
  try {
    for (let i = 0; i < 640; i++) expect(decode(`%ff${i}+%41`)).toBe(`\ufffd${i} A`);
    expect(engine.mock.calls.length).toBeLessThanOrEqual(640 / 64 + 1);
  } finally {
    engine.mockRestore();
  }
});

test("decode gives the same whether or not a broken value came before", () => {
  const values = [
    "%E2%82%AC+1",
    "a%2Bb",
    "%25",
    "\u00e9%C3%A9",
    "100%",
    "%4",
    "+".repeat(20),
    `${"+".repeat(20)}%2B\u4e16`,
  ];
  const calm = values.map(decode);
  decode("%ff");
  expect(values.map(decode)).toEqual(calm);
  expect(calm).toEqual(values.map((value) => new URLSearchParams(`?a=${value}`).get("a") ?? ""));
});

test("decode reads a value that is longer than its buffer", () => {
  const long = "%C3%A9+".repeat(9000);
  decode("%ff");
  expect(decode(long)).toBe("\u00e9 ".repeat(9000));
});
