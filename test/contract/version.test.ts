// The version is told once, in package.json: everybody else asks there, or is handed it.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import manifest from "../../package.json" with { type: "json" };

const ROOT = join(import.meta.dirname, "../..");
/** What no commit holds. */
const OUTSIDE = ["node_modules", "dist", "data", ".git"];
/** Who tells the version, and who tells of versions: each release has a section, and a row of figures. */
const TELLERS = ["package.json", "CHANGELOG.md", "docs/performance.md"];
/** Versions of others. */
const LOCK = "bun.lock";

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return OUTSIDE.includes(entry.name) ? [] : filesBelow(path);
    return entry.isFile() ? [relative(ROOT, path)] : [];
  });
}

const escaped = manifest.version.replaceAll(".", "\\.");
/** The version, but not as part of an address or of a longer version. */
const VERSION = new RegExp(`(?<![\\d.])${escaped}(?![\\d.])`);
/** When something has changed is no fact about the present. */
const HISTORY = new RegExp(`\\b(?:before|since|until) ${escaped}`, "gi");

test("package.json alone has the version", () => {
  const files = filesBelow(ROOT).filter((path) => !TELLERS.includes(path) && path !== LOCK);
  expect(files).toContain("Dockerfile");
  const holders = files.filter((path) =>
    VERSION.test(readFileSync(join(ROOT, path), "utf8").replaceAll(HISTORY, "")),
  );
  expect(holders).toEqual([]);
});

test("CHANGELOG.md begins with the version of package.json", () => {
  const [, newest] = /^## (\S+)/m.exec(readFileSync(join(ROOT, "CHANGELOG.md"), "utf8")) ?? [];
  expect(newest).toBe(manifest.version);
});
