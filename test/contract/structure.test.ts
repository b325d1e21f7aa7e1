// Who may import whom. docs/architecture.md tells the rooms; here they are held to.
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { breaches, type File, importsOf, ROOT, SOURCE } from "./tree.ts";

/** The program and the rooms of the source, top first: each imports itself and what stands below it. */
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

/** The room of a path below src, or the program. */
function roomOf(path: string): string {
  const [, first = ""] = path.split("/");
  return first.replace(/\.ts$/, "");
}

function layerOf(room: string): number {
  return LAYERS.findIndex((layer) => layer.includes(room));
}

function ownImports(file: File): string[] {
  return importsOf(file).filter((target) => target.startsWith("src/"));
}

const ARROWS = SOURCE.flatMap((file) => ownImports(file).map((to) => ({ from: file.path, to })));
const show = ({ from, to }: { from: string; to: string }) => `${from} -> ${to}`;

test("src holds the program and rooms, each in LAYERS once", () => {
  const entries = readdirSync(join(ROOT, "src"), { withFileTypes: true });
  expect(entries.filter((entry) => entry.isFile()).map(({ name }) => name)).toEqual(["main.ts"]);
  const rooms = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  expect(["main", ...rooms].toSorted()).toEqual(LAYERS.flat().toSorted());
});

test("src imports files that are there", () => {
  const known = new Set([
    ...SOURCE.map(({ path }) => path),
    ...readdirSync(join(ROOT, "src/admin/page")).map((name) => `src/admin/page/${name}`),
  ]);
  expect(ARROWS.filter(({ to }) => !known.has(to)).map(show)).toEqual([]);
  expect(ARROWS.length).toBeGreaterThan(200);
});

test("src has no arrow up: a room imports what stands below it, and no room beside it", () => {
  const up = ARROWS.filter(({ from, to }) => {
    const [room, target] = [roomOf(from), roomOf(to)];
    return room !== target && layerOf(room) >= layerOf(target);
  });
  expect(up.map(show)).toEqual([]);
});

test("src has no circle of files, types included", () => {
  expect(findCircle(new Map(SOURCE.map((file) => [file.path, ownImports(file)])))).toEqual([]);
});

test("findCircle finds one", () => {
  const graph = new Map([
    ["a", ["b"]],
    ["b", ["c", "d"]],
    ["c", []],
    ["d", ["b"]],
  ]);
  expect(findCircle(graph)).toEqual(["b", "d", "b"]);
});

/** The first circle of a graph, its first file again at the end; empty without one. */
function findCircle(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  function visit(file: string): string[] {
    const before = path.indexOf(file);
    if (before >= 0) return [...path.slice(before), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const target of graph.get(file) ?? []) {
      const circle = visit(target);
      if (circle.length > 0) return circle;
    }
    path.pop();
    done.add(file);
    return [];
  }
  for (const file of graph.keys()) {
    const circle = visit(file);
    if (circle.length > 0) return circle;
  }
  return [];
}

test("src/delivery/nats and src/delivery/spool import nothing of each other, and of delivery only its leaves", () => {
  const isInner = (path: string) => /^src\/delivery\/(nats|spool)\//.test(path);
  const folderOf = (path: string) => path.split("/").slice(0, -1).join("/");
  const leaves = SOURCE.filter(
    (file) =>
      folderOf(file.path) === "src/delivery" &&
      !ownImports(file).some((to) => to.startsWith("src/delivery/")),
  ).map(({ path }) => path);
  const strays = ARROWS.filter(
    ({ from, to }) =>
      isInner(from) &&
      to.startsWith("src/delivery/") &&
      folderOf(to) !== folderOf(from) &&
      !leaves.includes(to),
  );
  expect(strays.map(show)).toEqual([]);
  expect(leaves).not.toEqual([]);
});

test("src imports nothing that a production install lacks, and each dependency", () => {
  const names = Object.keys(manifest.dependencies);
  const packageOf = (target: string) =>
    names.find((name) => target === name || target.startsWith(`${name}/`));
  const foreign = SOURCE.flatMap((file) => importsOf(file).map((to) => ({ from: file.path, to }))).filter(
    ({ to }) => !to.startsWith("src/") && !to.startsWith("node:") && to !== "package.json",
  );
  expect(foreign.filter(({ to }) => packageOf(to) === undefined).map(show)).toEqual([]);
  const used = new Set(foreign.map(({ to }) => packageOf(to)));
  expect(names.filter((name) => !used.has(name))).toEqual([]);
});

type Question = (file: File) => boolean;

function says(pattern: RegExp): Question {
  return ({ code }) => pattern.test(code);
}

/** In any form: for its names, for its effects, or later. */
function imports(pattern: RegExp): Question {
  return (file) => importsOf(file).some((target) => pattern.test(target));
}

/** What one place alone may know: each is proved to be known there, so that no rule outlives its reason. */
const KNOWN_IN: readonly [what: string, room: string, knows: Question][] = [
  ["a runtime", "src/runtime/", says(/\b(?:Bun|Deno)\.[a-zA-Z]|"bun(?::[a-z]+)?"/)],
  ["NATS", "src/delivery/nats/", imports(/^(?:nats$|nats\/|@nats-io\/)/)],
  ["SQLite", "src/delivery/spool/", says(/"node:sqlite"/)],
  ["pino", "src/observe/log.ts", imports(/^pino/)],
  ["Prometheus", "src/observe/", imports(/^prom-client$/)],
];
for (const [what, room, knows] of KNOWN_IN) {
  test(`src knows ${what} in ${room} alone`, () => {
    const knowing = breaches(SOURCE, knows);
    expect(knowing.filter((path) => !path.startsWith(room))).toEqual([]);
    expect(knowing.some((path) => path.startsWith(room))).toBe(true);
  });
}

test("src does no I/O and reads no clock in pixel; of the system it knows addresses alone", () => {
  const pixel = SOURCE.filter(({ path }) => path.startsWith("src/pixel/"));
  const outside =
    /"node:(?!net")|\bfetch\(|\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\brandomUUID\(|\bprocess\./;
  expect(breaches(pixel, ({ code }) => outside.test(code))).toEqual([]);
  expect(breaches(pixel, ({ code }) => code.includes('"node:net"'))).toEqual(["src/pixel/address.ts"]);
});
