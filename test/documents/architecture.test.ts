// docs/architecture.md held to the tree: rooms, files, and the functions that its tables send a reader to. Its glossary.
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { codeIn, ROOT, readDocument, rowsUnder } from "./markdown.ts";

const ARCHITECTURE = readDocument("docs/architecture.md");

/** Tables whose rows say what, in which file, under which names. */
const MAPS = [
  "Where is…",
  "The walk of a request",
  "The walk of a spooled event",
  "The walk of a reload",
] as const;

test("docs/architecture.md shows every room of src, and no other", () => {
  const [tree] = ARCHITECTURE.blocks.filter(({ text }) => text.startsWith("src/\n"));
  const shown: string[] = [];
  for (const line of tree?.text.split("\ntest/")[0]?.split("\n").slice(1) ?? []) {
    const [, indent = "", name = ""] = /^( +)(\S+)/.exec(line) ?? [];
    shown.push(indent.length > 2 ? `${shown.filter((room) => !/\/.+/.test(room)).at(-1)}${name}` : name);
  }
  const rooms = ["", "delivery/", "pixel/"].flatMap((folder) =>
    readdirSync(join(ROOT, "src", folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${folder}${entry.name}/`),
  );
  expect(shown.filter((name) => name.endsWith("/")).sort()).toEqual(rooms.sort());
});

for (const heading of MAPS) {
  test(`docs/architecture.md, "${heading}": each name stands in its file`, () => {
    const rows = rowsUnder(ARCHITECTURE, heading);
    expect(rows.length).toBeGreaterThan(4);
    for (const [what = "", files = "", names = ""] of rows) {
      const found = codeIn(files).filter((file) => existsSync(join(ROOT, file)));
      expect({ what, files: found }).toEqual({ what, files: codeIn(files) });
      const code = found.map((file) => readFileSync(join(ROOT, file), "utf8")).join("\n");
      const missing = codeIn(names).filter((name) => !new RegExp(`\\b${name}\\b`).test(code));
      expect({ what, missing }).toEqual({ what, missing: [] });
      expect(codeIn(names).length).toBeGreaterThan(0);
    }
  });
}

test("docs/architecture.md says where everything is that a newcomer looks for first", () => {
  const what = rowsUnder(ARCHITECTURE, "Where is…")
    .map(([cell = ""]) => cell)
    .join("\n");
  for (const sought of ["percent sign", "503", '"degraded"', "new setting"]) expect(what).toContain(sought);
});

test("docs/glossary.md is in order, without a word twice", () => {
  const words = rowsUnder(readDocument("docs/glossary.md"), "Glossary").map(([word = ""]) => word);
  expect(words.length).toBeGreaterThan(40);
  expect(words).toEqual([...new Set(words)].sort((a, b) => a.localeCompare(b, "en")));
});
