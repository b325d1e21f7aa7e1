// The documents of the repository as data: what they link to, name and show. Knows Markdown as far as ours go.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

/** A document, and what stands in it. */
export interface Document {
  /** Path below the root. */
  readonly path: string;
  readonly text: string;
  /** The lines outside of code blocks; a code block leaves empty lines, so that numbers stay right. */
  readonly prose: readonly string[];
  readonly blocks: readonly Block[];
}

/** A block of code. */
export interface Block {
  /** `sh`, `json`, …; empty without one. */
  readonly language: string;
  readonly text: string;
}

/** Reads a document. */
export function readDocument(path: string): Document {
  const text = readFileSync(join(ROOT, path), "utf8");
  const prose: string[] = [];
  const blocks: Block[] = [];
  let block: { language: string; lines: string[] } | null = null;
  for (const line of text.split("\n")) {
    const fence = /^```(\w*)$/.exec(line);
    prose.push(fence === null && block === null ? line : "");
    if (fence === null) block?.lines.push(line);
    else if (block === null) block = { language: fence[1] ?? "", lines: [] };
    else {
      blocks.push({ language: block.language, text: block.lines.join("\n") });
      block = null;
    }
  }
  if (block !== null) throw new Error(`Cannot read ${path}: a code block has no end`);
  return { path, text, prose, blocks };
}

/** Every document of the repository. */
export const DOCUMENTS: readonly Document[] = ["", "docs/"].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => readDocument(folder + name)),
);

/** The headings of a document. */
export function headingsOf({ prose }: Document): string[] {
  return prose.flatMap((line) => /^#{1,6} (.+)$/.exec(line)?.[1] ?? []);
}

/** The anchors that a document's headings have, as GitHub writes them. */
export function anchorsOf(document: Document): string[] {
  return headingsOf(document).map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/** What a document links to, images too. */
export function linksOf({ prose }: Document): string[] {
  const plain = prose.join("\n").replace(/`[^`\n]*`/g, "");
  return Array.from(plain.matchAll(/\]\(([^)\s]+)\)/g), ([, target = ""]) => target);
}

/** What a text shows as code within its lines. */
export function codeIn(text: string): string[] {
  return Array.from(text.matchAll(/`([^`\n]+)`/g), ([, code = ""]) => code);
}

/** What a document shows as code within a line. */
export function spansOf({ prose }: Document): string[] {
  return codeIn(prose.join("\n"));
}

/** The rows of all tables under a heading, each as its cells; the heads are left out. */
export function rowsUnder({ path, prose }: Document, heading: string): string[][] {
  const start = prose.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === heading);
  if (start < 0) throw new Error(`Cannot read ${path}: it has no heading "${heading}"`);
  const after = prose.slice(start + 1);
  const end = after.findIndex((line) => /^#+ /.test(line));
  const lines = after.slice(0, end < 0 ? after.length : end).map((line) => line.trim());
  return lines.flatMap((line, index) => {
    const isHead =
      !line.startsWith("|") || /^\|[-| ]+\|$/.test(line) || /^\|[-| ]+\|$/.test(lines[index + 1] ?? "");
    return isHead ? [] : [cellsOf(line)];
  });
}

function cellsOf(row: string): string[] {
  const inner = row.slice(1, -1);
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}
