// The project's own files as its structure tests read them: paths, code without comments, imports.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

export interface File {
  /** Path below the root. */
  readonly path: string;
  readonly text: string;
  /** The text without its comments. */
  readonly code: string;
}

/** The code below a folder: TypeScript, JavaScript and style sheets. */
export function filesOf(folder: string): File[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|js|css)$/.test(entry.name))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path, "utf8");
      const code = text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*/gm, "");
      return { path: relative(ROOT, path), text, code };
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
