// The mutants themselves are run by hand; that each has its place still is looked at always.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MUTANTS } from "./table.ts";

const ROOT = join(import.meta.dirname, "../..");

test("MUTANTS change code that stands once in its file, and name tests that are there", () => {
  const lost = MUTANTS.filter(({ file, from, to, tests }) => {
    const places = readFileSync(join(ROOT, file), "utf8").split(from).length - 1;
    return (
      places !== 1 ||
      from === to ||
      tests.length === 0 ||
      !tests.every((path) => existsSync(join(ROOT, path)))
    );
  });
  expect(lost.map(({ name }) => name)).toEqual([]);
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
});
