// Every bench runs as its command does, short and without a threshold of time: it must print its table, and soak its
// verdict. What needs load runs with each generator.
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { dirname } from "node:path";
import { whyNot } from "../support/system.ts";
import { unless } from "../support/unless.ts";
import { nodeVersion, RIVALS } from "./rivals/start.ts";
import { ROWS } from "./rows.ts";
import { SHAPES } from "./worstqueries.ts";

const LIMIT_MS = 120_000;
const GENERATORS = { own: null, wrk: whyNot("wrk") };

async function run(words: readonly string[], path = process.env.PATH ?? "") {
  const child = Bun.spawn([process.execPath, ...words], {
    cwd: import.meta.dir,
    env: { ...process.env, PATH: path, NO_COLOR: "1" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { code: await child.exited, stdout, stderr };
}

async function smoke(...words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run([...words, "--smoke"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
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
  "bench:steps --smoke prints what each step costs with a browser's headers and with few",
  async () => {
    const output = await smoke("steps.ts");
    for (const step of ["request.url", "the socket's peer", "the event, by its plan", "the answer"])
      expect(output).toMatch(new RegExp(`│ ${step} +│ +-?\\d+\\.\\d\\d +│ +-?\\d+\\.\\d\\d +│`));
  },
  LIMIT_MS,
);

test(
  "bench:worst --smoke prints a row for each shape, and the most expensive",
  async () => {
    const output = await smoke("worst.ts");
    for (const { name } of SHAPES) expect(output).toMatch(new RegExp(`^${name} +\\d.* × of +\\d+ B`, "m"));
    expect(output).toMatch(/^the most expensive, [a-z ,]+: \d+\.\d × an AMP page view$/m);
  },
  LIMIT_MS,
);

test(
  "bench:scale --smoke prints the waits beside a reload and a scrape, and a start",
  async () => {
    const output = await smoke("scale.ts");
    expect(output).toContain("20 sources × 20 destinations");
    for (const row of ["nothing", "a reload", "a scrape"]) {
      expect(output).toMatch(new RegExp(`^ {2}beside ${row} +median \\d+\\.\\d ms of 1`, "m"));
    }
    expect(output).toMatch(/^50 sources: listening after \d+ ms$/m);
  },
  LIMIT_MS,
);

test(
  "bench:layouts --smoke prints what each layout costs",
  async () => {
    const output = await smoke("layouts.ts");
    expect(output).toContain("2 subscribers, 100 events");
    for (const row of [
      "a copy a subscriber",
      "a stream a subscriber",
      "into work queues",
      "a consumer a subscriber",
    ])
      expect(output.match(new RegExp(`${row}( +\\d+){6}$`, "gm"))).toHaveLength(2);
  },
  LIMIT_MS,
);

test(
  "bench:rivals --smoke prints a row for each server that can run here, and how the best of them compares",
  async () => {
    const output = await smoke("rivals.ts");
    const here = RIVALS.filter(({ runtime }) => runtime === "bun" || nodeVersion() !== null);
    for (const { name } of [{ name: "bare handler" }, { name: "Pixelgate" }, ...here]) {
      expect(output).toMatch(new RegExp(`│ ${name} +│ \\d+\\.\\d +│ \\d+\\.\\d\\d +│.*│ 0 +│`));
    }
    expect(output).toMatch(/^the best of them, .*, takes \d+\.\d\d × ours: must ≥ 4, aim ≥ 5: /m);
  },
  LIMIT_MS,
);

test(
  "bench:latency --smoke prints the quantiles at each load, and what is required of one",
  async () => {
    const output = await smoke("latency.ts");
    expect(output).toContain("1 worker, the mix in an open loop over 256 connections");
    for (const row of ["all it carries", "50 % of it", "80 % of it"]) {
      expect(output).toMatch(new RegExp(`│ ${row} +│ \\d+ +(│ \\d+\\.\\d+ +){5}│ 0 +│`));
    }
    expect(output).toMatch(/^p99 at 50 %: \d+\.\d\d ms, must ≤ 5 ms: /m);
  },
  LIMIT_MS,
);

test(
  "bench:sizing --smoke prints what an event costs, and what rates need",
  async () => {
    const output = await smoke("sizing.ts");
    for (const row of ["gateway, CPU µs", "nats-server, 1 replica, CPU µs", "on the spool's disk, bytes"]) {
      expect(output).toMatch(new RegExp(`^  ${row} +[\\d,]+(\\.\\d+)?$`, "m"));
    }
    for (const row of ["cores of gateways", "streams \\(partitions\\)", "disk of each replica, GB a day"]) {
      expect(output).toMatch(new RegExp(`^  ${row}( +[\\d,]+(\\.\\d+)?){4}$`, "m"));
    }
  },
  LIMIT_MS,
);

for (const [generator, obstacle] of Object.entries(GENERATORS)) {
  const gate = unless(obstacle);

  gate.test(
    `bench --smoke --generator ${generator} prints a row for each server, and the overload`,
    async () => {
      const output = await smoke("gateway.ts", "--generator", generator);
      expect(output).toContain(`generator ${generator}, 64 keep-alive connections for each process,`);
      for (const { name, must } of ROWS) {
        const judged =
          must === undefined
            ? " +│ +│ +"
            : ` ${must.toFixed(2)} +│ \\d\\.\\d\\d +│ (reached|must reached|missed) +`;
        const figures = " \\d+\\.\\d +│ [a-z-]* +│ \\d+\\.\\d\\d +│[\\d. –]+";
        expect(output).toMatch(new RegExp(`│ ${name} +│${figures}│${judged}│`));
      }
      expect(output).toContain(`Overload: 500 connections of generator ${generator} `);
      expect(output).toContain("p99 of 200 ms");
    },
    LIMIT_MS,
  );

  gate.test(
    `soak --smoke --generator ${generator} prints the memory on the way and ends with the verdict flat`,
    async () => {
      const output = await smoke("soak.ts", "--generator", generator);
      expect(output).toContain(`40000 events, generator ${generator},`);
      expect(output).toMatch(/^100 % .* refused .* new shapes .* aborted .* RSS \d+\.\d MB$/m);
      expect(output).toMatch(
        /^flat: RSS \d+\.\d MB at the end, \d\.\d\d × that after the first \d+ requests /m,
      );
    },
    LIMIT_MS,
  );
}

for (const row of ["bare-one", "mix", "workers-2"]) {
  test(
    `bench --smoke --cpu-profile ${row} prints the functions that the row is in most, and where its profiles are`,
    async () => {
      const output = await smoke("gateway.ts", "--cpu-profile", row);
      expect(output).toMatch(/^\d+ events, \d+\.\d µs of CPU each /m);
      expect(output.match(/^ +\d+\.\d\d +\d+\.\d % {2}.+$/gm)?.length).toBeGreaterThan(1);
      const files = Array.from(output.matchAll(/^for Chrome DevTools: (.+)$/gm), ([, file = ""]) => file);
      expect(files).toHaveLength(row === "workers-2" ? 3 : 1);
      for (const file of files) rmSync(dirname(file), { recursive: true, force: true });
    },
    LIMIT_MS,
  );
}

for (const [flag, rows] of [
  ["rows", "mix,bear"],
  ["cpu-profile", "bear"],
] as const) {
  test(`bench --${flag} says in one line which rows there are where it is asked for another`, async () => {
    expect(await run(["gateway.ts", `--${flag}`, rows])).toEqual({
      code: 2,
      stdout: "",
      stderr: `Cannot use --${flag}: "bear" is not one of ${ROWS.map(({ name }) => name).join(", ")}\n`,
    });
  });
}

test(
  "bench --smoke --rows prints these rows and those they are held to, and no overload",
  async () => {
    const output = await smoke("gateway.ts", "--rows", "mix-few");
    expect(Array.from(output.matchAll(/^│ +\d+ │ (\S+)/gm), ([, name]) => name)).toEqual([
      "bare-mix-few",
      "mix-few",
    ]);
    expect(output).not.toContain("Overload");
  },
  LIMIT_MS,
);

for (const file of ["gateway.ts", "soak.ts"]) {
  test(`${file} says in one line which generators there are where it is told to use another`, async () => {
    expect(await run([file, "--generator", "siege"])).toEqual({
      code: 2,
      stdout: "",
      stderr: 'Cannot use --generator: "siege" is not one of own, wrk\n',
    });
  });

  test(`${file} says in one line how to get wrk where it is told to use it and there is none`, async () => {
    expect(await run([file, "--generator", "wrk"], import.meta.dir)).toEqual({
      code: 2,
      stdout: "",
      stderr: "Cannot use --generator: there is no wrk here (Debian: apt-get install wrk)\n",
    });
  });
}
