// The table of a state machine as it is told at the head of its file, and so in docs/architecture.md: tests hold the code
// to these very words.
import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** The cells of each row, without the two lines of the heading. */
export function readHeadRows(path: string): string[][] {
  const head = readFileSync(join(ROOT, path), "utf8").split("\n");
  const lines = head.filter((line) => line.startsWith("// |")).slice(2);
  if (lines.length === 0) throw new Error(`Cannot read the table of ${path}: there is none at its head`);
  return lines.map((line) =>
    line
      .slice("// |".length, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

/** Whether a cell that lists states, or says `any`, holds one of them. */
export function holds(cell: string, state: string): boolean {
  return cell === "any" || cell.split(", ").includes(state);
}

/** What a text of the table stands for; throws for one that the test does not know. */
export function meaningOf<T>(meanings: Readonly<Record<string, T>>, text: string): T {
  const meaning = Object.hasOwn(meanings, text) ? meanings[text] : undefined;
  if (meaning === undefined) throw new Error(`Cannot tell what "${text}" means in the table`);
  return meaning;
}
