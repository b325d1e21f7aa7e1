// `bun run fuzz` for a moment, always on the same cases; by hand it runs for as long as one likes, on others.
import { expect, test } from "bun:test";
import { join } from "node:path";
import { randomOf } from "./random.ts";
import { randomQuery, randomRequest } from "./requests.ts";

async function fuzz(...words: readonly string[]) {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "fuzz.ts"), ...words], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, stdout, stderr };
}

test("fuzz finds nothing in its first cases, and says which they were", async () => {
  const { code, stdout, stderr } = await fuzz("--seed", "20261125", "--cases", "400");
  expect({ code, stderr, stdout }).toEqual({
    code: 0,
    stderr: "",
    stdout:
      "seed 20261125, 400 cases of parser, plans, builder, http\n" +
      "parser: 400 cases\nplans: 400 cases\nbuilder: 400 cases\nhttp: 400 cases\nevery case was as it must be\n",
  });
}, 30_000);

test("fuzz says in one line what it cannot fuzz", async () => {
  expect(await fuzz("--only", "parser,printer")).toEqual({
    code: 2,
    stdout: "",
    stderr: 'Cannot use --only: "printer" is not one of parser, plans, builder, http\n',
  });
});

test("randomOf makes the same of the same seed, and something else of another", () => {
  const queryOf = (seed: number) => randomQuery(randomOf(seed));
  const requestOf = (seed: number) => randomRequest(randomOf(seed)).toString("hex");
  for (const make of [queryOf, requestOf]) {
    expect(make(7)).toBe(make(7));
    expect(new Set([1, 2, 3, 4, 5].map(make)).size).toBeGreaterThan(2);
  }
});
