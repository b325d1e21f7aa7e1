// The version is told once, in package.json: everybody else asks there, or is handed it.
import { expect, test } from "bun:test";
import manifest from "../../package.json" with { type: "json" };
import { PATHS, readText } from "./tree.ts";

/** Who tells the version, and who tells of versions: each release has a section, and a row of figures. */
const TELLERS = ["package.json", "CHANGELOG.md", "docs/performance.md"];
/** Versions of others. */
const LOCK = "bun.lock";

const escaped = manifest.version.replaceAll(".", "\\.");
/** The version, but not as part of an address or of a longer version. */
const VERSION = new RegExp(`(?<![\\d.])${escaped}(?![\\d.])`);
/** When something has changed is no fact about the present. */
const HISTORY = new RegExp(`\\b(?:before|since|until) ${escaped}`, "gi");

test("package.json alone has the version", () => {
  const files = PATHS.filter((path) => !TELLERS.includes(path) && path !== LOCK);
  expect(files).toContain("Dockerfile");
  const holders = files.filter((path) => VERSION.test(readText(path).replaceAll(HISTORY, "")));
  expect(holders).toEqual([]);
});

test("CHANGELOG.md begins with the version of package.json, after what is not released", () => {
  const [, newest] = /^## (\d\S*)/m.exec(readText("CHANGELOG.md")) ?? [];
  expect(newest).toBe(manifest.version);
});
