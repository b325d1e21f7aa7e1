// Errors of ours: a name of their own, and whatever they were made of as their cause.
import { expect, test } from "bun:test";
import { Exit } from "../../src/cli/exit.ts";
import { Fault } from "../../src/config/units.ts";
import { NatsError } from "../../src/delivery/nats/fault.ts";
import { SpoolError } from "../../src/delivery/spool/fault.ts";
import { StartError } from "../../src/process/starterror.ts";
import { breaches, SOURCE } from "./tree.ts";

const ERRORS: readonly [name: string, make: (options: ErrorOptions) => Error][] = [
  ["StartError", (options) => new StartError("Cannot start: it is late", options)],
  ["Exit", (options) => new Exit(1, "Cannot run: it is late", options)],
  ["Fault", (options) => new Fault("is late", options)],
  ["NatsError", (options) => new NatsError("connection refused", options)],
  ["SpoolError", (options) => new SpoolError("Cannot read the spool: it is late", options)],
];
for (const [name, make] of ERRORS) {
  test(`${name} has its name and keeps its cause`, () => {
    const cause = new Error("the clock");
    expect(make({ cause })).toMatchObject({ name, cause });
    expect(String(make({}))).toStartWith(`${name}: `);
    expect(make({})).not.toHaveProperty("cause");
  });
}

test("Exit has a line for each fault", () => {
  expect(new Exit(2, ["one", "two"])).toMatchObject({ code: 2, lines: ["one", "two"], message: "one\ntwo" });
  expect(new Exit(1, "one")).toMatchObject({ code: 1, lines: ["one"] });
});

test("StartError has exit code 1, or the one it is given", () => {
  expect(new StartError("it is late").code).toBe(1);
  expect(new StartError("it is wrong", { code: 2 }).code).toBe(2);
});

test("src names every class of errors after itself", () => {
  const nameless = SOURCE.flatMap(({ path, text }) =>
    [...text.matchAll(/\bclass (\w+) extends \w*Error\b/g)]
      .filter(([, name]) => !text.includes(`override readonly name = "${name}";`))
      .map(([, name]) => `${path}: ${name}`),
  );
  expect(nameless).toEqual([]);
});

test("src throws no new error out of a catch without the caught one as its cause", () => {
  const losers = SOURCE.flatMap(({ path, text }) =>
    // The formatter sees to it that a block ends where its indentation does.
    [...text.matchAll(/^( *)\} catch[^\n]*\{\n([\s\S]*?)^\1\}/gm)]
      .flatMap(([, , block = ""]) => block.split(/(?=\bthrow new )/).slice(1))
      .filter((thrown) => !/\bcause\b/.test(thrown))
      .map((thrown) => `${path}: ${thrown.split("\n")[0]}`),
  );
  expect(losers).toEqual([]);
});

test("src throws errors of its own alone; the page has none", () => {
  // The page's scripts run in a browser, and import nothing of ours.
  const ours = SOURCE.filter(({ path }) => path.endsWith(".ts"));
  expect(breaches(ours, ({ text }) => /\bnew (?:Type|Range)?Error\(/.test(text))).toEqual([]);
});
