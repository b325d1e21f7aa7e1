import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import manifest from "../../package.json" with { type: "json" };

const ROOT = join(import.meta.dir, "../..");

/** The modules of the source, a folder or a file each, top first: a module imports itself and what stands below it. */
const LAYERS: readonly (readonly string[])[] = [
  ["main"],
  ["cli"],
  ["process"],
  ["admin"],
  ["server"],
  ["observe"],
  ["delivery"],
  ["config", "runtime"],
  ["pixel"],
];

interface File {
  /** Path below the root. */
  readonly path: string;
  /** The text without its comments. */
  readonly code: string;
}

function filesOf(folder: string): File[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const code = readFileSync(path, "utf8").replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*/gm, "");
      return { path: relative(ROOT, path), code };
    });
}

const SOURCE = filesOf("src");
const TESTS = filesOf("test").filter(({ path }) => path !== "test/contract/structure.test.ts");

/** What a file imports, types included: paths below the root for our own, names for packages. */
function importsOf({ path, code }: File): string[] {
  const found = code.matchAll(/\bfrom\s+"([^"]+)"|\bimport\s*\(?\s*"([^"]+)"/g);
  return [...found].map(([, from, called]) => {
    const name = from ?? called ?? "";
    return name.startsWith(".") ? join(path, "..", name) : name;
  });
}

/** The module of a path below src: its folder there, or its name. */
function moduleOf(path: string): string {
  const [, first = ""] = path.split("/");
  return first.replace(/\.ts$/, "");
}

function layerOf(module: string): number {
  return LAYERS.findIndex((layer) => layer.includes(module));
}

/** Lines that say which file breaks a rule, for a test to expect none. */
function breaches(files: readonly File[], isBreach: (file: File) => boolean): string[] {
  return files.filter(isBreach).map(({ path }) => path);
}

test("src has no module that LAYERS do not name, and LAYERS name none twice", () => {
  const modules = new Set(SOURCE.map(({ path }) => moduleOf(path)));
  expect([...modules].filter((module) => layerOf(module) < 0)).toEqual([]);
  expect(new Set(LAYERS.flat()).size).toBe(LAYERS.flat().length);
});

test("src imports point down", () => {
  const arrows = SOURCE.flatMap((file) =>
    importsOf(file)
      .filter((target) => target.startsWith("src/"))
      .map((target) => ({ path: file.path, target, from: moduleOf(file.path), to: moduleOf(target) })),
  );
  expect(arrows.length).toBeGreaterThan(50);
  const up = arrows.filter(({ from, to }) => from !== to && layerOf(from) >= layerOf(to));
  expect(up.map(({ path, target }) => `${path} -> ${target}`)).toEqual([]);
});

test("src imports nothing that a production install lacks", () => {
  const names = Object.keys(manifest.dependencies);
  const strangers = SOURCE.flatMap((file) =>
    importsOf(file)
      .filter(
        (target) => !target.startsWith("src/") && !target.startsWith("node:") && target !== "package.json",
      )
      .filter((target) => !names.some((name) => target === name || target.startsWith(`${name}/`)))
      .map((target) => `${file.path} -> ${target}`),
  );
  expect(strangers).toEqual([]);
});

test("src names a runtime in src/runtime alone", () => {
  const outside = SOURCE.filter(({ path }) => !path.startsWith("src/runtime/"));
  expect(breaches(outside, ({ code }) => /\b(?:Bun|Deno)\.[a-zA-Z]|"bun(?::[a-z]+)?"/.test(code))).toEqual(
    [],
  );
});

test("src imports NATS in delivery alone", () => {
  const allowed = (path: string) => path.startsWith("src/delivery/");
  const isNats = (name: string) => name === "nats" || name.startsWith("@nats-io/");
  expect(breaches(SOURCE, (file) => !allowed(file.path) && importsOf(file).some(isNats))).toEqual([]);
});

test("src does no I/O and reads no clock in pixel", () => {
  const pixel = SOURCE.filter(({ path }) => path.startsWith("src/pixel/"));
  const outside =
    /"node:(?!net")|\bfetch\(|\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\brandomUUID\(|\bprocess\./;
  expect(breaches(pixel, ({ code }) => outside.test(code))).toEqual([]);
});

test("src and test hold no file named for nothing, and no barrel", () => {
  const vague = /(?:^|\/)(?:utils?|helpers?|common|misc|shared|index|[a-z-]*manager)\.(?:test\.)?ts$/;
  expect(breaches([...SOURCE, ...TESTS], ({ path }) => vague.test(path))).toEqual([]);
  expect(breaches(SOURCE, ({ code }) => /\bexport\s+\*/.test(code))).toEqual([]);
});

test("src and test switch no type check off", () => {
  const off = /:\s*any\b|\bas any\b|<any\b|\bany\[\]/;
  expect(breaches([...SOURCE, ...TESTS], ({ code }) => off.test(code))).toEqual([]);
  const suppressed = [...SOURCE, ...TESTS].filter(({ path }) =>
    /@ts-(?:ignore|nocheck|expect-error)/.test(readFileSync(join(ROOT, path), "utf8")),
  );
  expect(suppressed.map(({ path }) => path)).toEqual([]);
});
