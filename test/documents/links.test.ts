// What the documents point at is there: links, anchors, files, scripts, settings.
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { SETTINGS } from "../../src/config/settings.ts";
import { anchorsOf, DOCUMENTS, type Document, headingsOf, linksOf, ROOT, spansOf } from "./markdown.ts";

const MAX_LINE = 200;
const README_LINES = 100;

/** Every place in the documents that breaks a rule, for a test to expect none. */
function breaches(find: (document: Document) => readonly string[]): string[] {
  return DOCUMENTS.flatMap((document) => find(document).map((what) => `${document.path}: ${what}`));
}

function isBroken(document: Document, link: string): boolean {
  if (/^[a-z]+:/.test(link)) return true;
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? document.path : normalize(join(dirname(document.path), path));
  if (!existsSync(join(ROOT, target))) return true;
  if (anchor === undefined) return false;
  const linked = DOCUMENTS.find((other) => other.path === target);
  return linked === undefined || !anchorsOf(linked).includes(anchor);
}

test("documents link to files and headings that exist, and to nothing outside", () => {
  expect(DOCUMENTS.flatMap(linksOf).length).toBeGreaterThan(50);
  expect(breaches((document) => linksOf(document).filter((link) => isBroken(document, link)))).toEqual([]);
});

test("documents have no heading twice, so that a link means one place", () => {
  const twice = (document: Document) =>
    headingsOf(document).filter((heading, index, all) => all.indexOf(heading) !== index);
  expect(breaches(twice)).toEqual([]);
});

test("documents are all to be reached from the README", () => {
  const reached = new Set(["README.md"]);
  for (const path of reached) {
    const document = DOCUMENTS.find((document) => document.path === path);
    for (const link of document === undefined ? [] : linksOf(document)) {
      const [target = ""] = link.split("#");
      if (target.endsWith(".md")) reached.add(normalize(join(dirname(path), target)));
    }
  }
  expect([...reached].sort()).toEqual(DOCUMENTS.map(({ path }) => path).sort());
});

test("documents name files and folders that exist", () => {
  const PATH = /^(?:src|test|deploy|docs|examples|\.ci)\/[\w./-]*$|^[\w.-]+\.(?:md|yaml|json|toml)$/;
  const found = DOCUMENTS.flatMap(spansOf).filter((span) => PATH.test(span));
  expect(found.length).toBeGreaterThan(50);
  const missing = (span: string) => PATH.test(span) && !existsSync(join(ROOT, span));
  expect(breaches((document) => spansOf(document).filter(missing))).toEqual([]);
});

test("documents name scripts that exist", () => {
  const scripts: readonly string[] = Object.keys(manifest.scripts);
  const called = ({ text }: Document) =>
    Array.from(text.matchAll(/\bbun run ([a-z][a-z:]*)/g), ([, script = ""]) => script);
  expect(DOCUMENTS.flatMap(called).length).toBeGreaterThan(10);
  expect(breaches((document) => called(document).filter((script) => !scripts.includes(script)))).toEqual([]);
});

test("documents name environment variables that the gateway or its tests read", () => {
  const NAME = /\b(?:PIXELGATE|NATS|ADMIN|SHUTDOWN|LOG|TRUSTED)(?:_[A-Z]+)+\b/g;
  const named = ({ text }: Document) => Array.from(text.matchAll(NAME), ([name]) => name);
  expect(DOCUMENTS.flatMap(named).length).toBeGreaterThan(50);
  const ofTests = ["PIXELGATE_TEST_INSTALL", "NATS_SERVERS"];
  const isRead = (name: string) => Object.hasOwn(SETTINGS, name) || ofTests.includes(name);
  expect(breaches((document) => named(document).filter((name) => !isRead(name)))).toEqual([]);
});

test("comments of the source and the tests cite documents and headings that exist", () => {
  const files = ["src", "test"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
  );
  const cited = files
    .filter((file) => file.endsWith(".ts") && !file.startsWith("test/documents/"))
    .flatMap((file) => {
      const found = readFileSync(join(ROOT, file), "utf8").matchAll(
        /\b(docs\/[\w-]+\.md)((?:,| and)? "[^"]+")*/g,
      );
      return Array.from(found, ([citation, path]) => ({ file, path, citation }));
    });
  expect(cited.length).toBeGreaterThan(15);
  const wrong = cited.filter(({ path, citation }) => {
    const document = DOCUMENTS.find((document) => document.path === path);
    const headings = Array.from(citation.matchAll(/"([^"]+)"/g), ([, heading]) => heading);
    return (
      document === undefined || headings.some((heading) => !headingsOf(document).includes(heading ?? ""))
    );
  });
  expect(wrong).toEqual([]);
});

test(`documents have no line of prose over ${MAX_LINE} characters`, () => {
  expect(breaches(({ prose }) => prose.filter((line) => line.length > MAX_LINE))).toEqual([]);
});

test(`README has at most ${README_LINES} lines`, () => {
  const readme = DOCUMENTS.find(({ path }) => path === "README.md");
  expect(readme?.text.trimEnd().split("\n").length).toBeLessThanOrEqual(README_LINES);
});
