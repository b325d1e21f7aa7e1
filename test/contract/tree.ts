// The project's own files as its structure tests read them: paths, code without comments, imports.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

export interface File {
  /** Path below the root. */
  readonly path: string;
  readonly text: string;
  /** The text without its comments. */
  readonly code: string;
}

/** What no commit holds. */
const OUTSIDE = ["node_modules", "dist", "data", ".git"];

/** The paths of all files of the project, below the root. */
export const PATHS = pathsBelow("");

function pathsBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return OUTSIDE.includes(path) ? [] : pathsBelow(path);
    return entry.isFile() ? [path] : [];
  });
}

/** A file's text. */
export function readText(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** The code below a folder: TypeScript, JavaScript and style sheets. */
function filesOf(folder: string): File[] {
  const paths = PATHS.filter((path) => path.startsWith(`${folder}/`) && /\.(ts|js|css)$/.test(path));
  return paths.map((path) => {
    const text = readText(path);
    return { path, text, code: text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*/gm, "") };
  });
}

export const SOURCE = filesOf("src");
export const TESTS = filesOf("test");

/** What a file imports, types included: paths below the root for our own, names for packages. */
export function importsOf({ path, code }: Pick<File, "path" | "code">): string[] {
  const found = code.matchAll(/\bfrom\s+"([^"]+)"|\bimport\s*\(?\s*"([^"]+)"/g);
  return [...found].map(([, from, called]) => {
    const name = from ?? called ?? "";
    return name.startsWith(".") ? join(path, "..", name) : name;
  });
}

/** The paths of the files that break a rule, for a test to expect none. */
export function breaches(files: readonly File[], isBreach: (file: File) => boolean): string[] {
  return files.filter(isBreach).map(({ path }) => path);
}

/** Whether there is a file or a folder at a path below the root. */
export function isThere(path: string): boolean {
  return existsSync(join(ROOT, path));
}
