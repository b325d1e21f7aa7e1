// Every bench runs as its command does, short and without a threshold: it must print its table.
import { expect, test } from "bun:test";
import { runCommand } from "../support/gatewayprocess.ts";

const LIMIT_MS = 60_000;

async function smoke(file: string): Promise<string> {
  const { code, stdout, stderr } = await runCommand(["--smoke"], {}, [
    process.execPath,
    `test/bench/${file}`,
  ]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return stdout;
}

test(
  "bench:query --smoke prints a ratio for each parser and target",
  async () => {
    const output = await smoke("query.ts");
    expect(output).toContain("readQuery");
    expect(output).toContain("URLSearchParams + nesting");
    expect(output).toContain("AMP page, 18 parameters");
  },
  LIMIT_MS,
);

test(
  "bench --smoke prints a row for each server, and the overload",
  async () => {
    const output = await smoke("gateway.ts");
    for (const row of [
      "bare",
      "elysia",
      "parse",
      "durable",
      "durable, visits differ",
      "2 workers",
      "spooling",
    ]) {
      expect(output).toMatch(new RegExp(`│ ${row} +│ \\d+\\.\\d +│ \\d+\\.\\d\\d +│`));
    }
    expect(output).toMatch(/2 workers take \d\.\d\d × the events of one/);
    expect(output).toMatch(/Overload: \d+ connections/);
    expect(output).toContain("p99 of 200 ms");
  },
  LIMIT_MS,
);

test(
  "soak --smoke prints the memory on the way and a verdict",
  async () => {
    const output = await smoke("soak.ts");
    expect(output).toMatch(/100 % .* refused .* aborted .* RSS \d+\.\d MB/);
    expect(output).toMatch(/flat|FLAT: RSS \d+\.\d MB at the end, \d\.\d\d × that after the first million/i);
  },
  LIMIT_MS,
);
