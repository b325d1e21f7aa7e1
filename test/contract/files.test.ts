// How files are named and how long they are, where tests stand, and that nobody switches a check off.
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { breaches, isThere, ROOT, SOURCE, TESTS } from "./tree.ts";

const MAX_LINES = 250;

/** Folders of test/ that mirror none of src/: each tells a story of the whole, or serves the tests. */
const STORIES = [
  "bench",
  "blackbox",
  "contract",
  "deploy",
  "documents",
  "faults",
  "fixtures",
  "fresh",
  "fuzz",
  "mutants",
  "picture",
  "support",
];

test("src and test hold no code file of more than 250 lines: it would tell two stories", () => {
  const long = [...SOURCE, ...TESTS].filter(({ text }) => text.trimEnd().split("\n").length > MAX_LINES);
  expect(long.map(({ path, text }) => `${path}: ${text.trimEnd().split("\n").length}`)).toEqual([]);
});

test("test mirrors src: a folder has its namesake there, or tells one of the STORIES", () => {
  const folders = readdirSync(join(ROOT, "test"), { withFileTypes: true });
  expect(folders.filter((entry) => !entry.isDirectory()).map(({ name }) => name)).toEqual([]);
  const strangers = folders.map(({ name }) => name).filter((name) => !isThere(`src/${name}`));
  expect(strangers.toSorted()).toEqual(STORIES);
});

test("test names a mirroring file after what it tests: x.test.ts, or x.<story>.test.ts", () => {
  const mirroring = TESTS.filter(({ path }) => !STORIES.includes(path.split("/")[1] ?? ""));
  const misnamed = mirroring.filter(({ path }) => {
    const [, name] = /^test\/(.*?)(?:\.[a-z-]+)?\.test\.ts$/.exec(path) ?? [];
    return name === undefined || !(isThere(`src/${name}.ts`) || isThere(`src/${name}`));
  });
  expect(misnamed.map(({ path }) => path)).toEqual([]);
  expect(mirroring.length).toBeGreaterThan(40);
  const shown = new Set(mirroring.map(({ path }) => dirname(path)));
  expect(shown).toContain("test/delivery/nats");
});

test("src and test hold no file named for nothing, and no barrel", () => {
  const vague =
    /(?:^|\/)(?:utils?|helpers?|common|misc|shared|index|[a-z-]*manager)\.(?:[a-z-]+\.)*(?:ts|js|css)$/;
  expect(breaches([...SOURCE, ...TESTS], ({ path }) => vague.test(path))).toEqual([]);
  expect(breaches(SOURCE, ({ code }) => /\bexport\s+\*/.test(code))).toEqual([]);
});

// Put together here, so that this file needs no exemption from its own rule.
const ANY = "any";
const SUPPRESSIONS = ["ignore", "nocheck", "expect-error"].map((word) => `@ts-${word}`);

test("src and test switch no type check off", () => {
  const off = new RegExp(`:\\s*${ANY}\\b|\\bas ${ANY}\\b|<${ANY}\\b|\\b${ANY}\\[\\]`);
  expect(breaches([...SOURCE, ...TESTS], ({ code }) => off.test(code))).toEqual([]);
  expect(
    breaches([...SOURCE, ...TESTS], ({ text }) => SUPPRESSIONS.some((word) => text.includes(word))),
  ).toEqual([]);
});

test("test skips nothing but by unless.ts, which prints the reason", () => {
  const left = /\b(?:test|it|describe)\.(?:skip|skipIf|todo|only|if)\b/;
  const others = TESTS.filter(({ path }) => path !== "test/support/unless.ts");
  expect(breaches(others, ({ code }) => left.test(code))).toEqual([]);
});
