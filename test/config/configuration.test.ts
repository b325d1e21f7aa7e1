import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfiguration, resolveConfiguration } from "../../src/config/configuration.ts";
import { defaultStream } from "../../src/config/environment.ts";

const folder = mkdtempSync(join(tmpdir(), "pixelgate-configuration-"));
afterAll(() => rmSync(folder, { recursive: true }));

const STREAM = defaultStream();
const SOURCE = { id: "blog", writeKey: "wk_secret_1", destinations: ["warehouse"] };
const GOOD = { sources: [SOURCE], destinations: [{ id: "warehouse" }] };

const source = (change: object) => ({ ...GOOD, sources: [{ ...SOURCE, ...change }] });

test("resolveConfiguration returns the faults of a file in place of its sources", () => {
  expect(resolveConfiguration(source({ ip: "hash" }), STREAM)).toEqual([
    'sources[0].ip: must be "keep" or "truncate" or "drop"',
  ]);
});

test("loadConfiguration runs the demo without a file", () => {
  const loaded = loadConfiguration(null, STREAM);
  if (Array.isArray(loaded)) throw new Error(loaded.join("\n"));
  const { sources } = loaded;
  expect([...sources.keys()]).toEqual(["demo"]);
  expect(sources.get("demo")?.routing.page.common).toEqual([
    { destinationId: "demo", subject: "pixel.demo.page", stream: "PIXEL" },
  ]);
});

function written(text: string): string {
  const path = join(folder, "pixelgate.json");
  writeFileSync(path, text);
  return path;
}

test("loadConfiguration reads a file", () => {
  const loaded = loadConfiguration(written(JSON.stringify(GOOD)), STREAM);
  if (Array.isArray(loaded)) throw new Error(loaded.join("\n"));
  expect([...loaded.sources.keys()]).toEqual(["wk_secret_1"]);
});

test("loadConfiguration names the file in every fault", () => {
  const path = written(JSON.stringify(source({ ip: "x", bots: "y" })));
  expect(loadConfiguration(path, STREAM)).toEqual([
    `Cannot use ${path}: sources[0].ip: must be "keep" or "truncate" or "drop"`,
    `Cannot use ${path}: sources[0].bots: must be "flag" or "drop"`,
  ]);
});

test("loadConfiguration reads a file that begins with a byte order mark", () => {
  expect(loadConfiguration(written(`\uFEFF${JSON.stringify(source({}))}`), STREAM)).not.toBeArray();
});

test("loadConfiguration refuses a file that is not there", () => {
  const path = join(folder, "missing.json");
  expect(loadConfiguration(path, STREAM)).toEqual([`Cannot read ${path}: no such file`]);
});

test("loadConfiguration refuses a folder", () => {
  expect(loadConfiguration(folder, STREAM)).toEqual([expect.stringMatching(/^Cannot read .+: .+/)]);
});

test("loadConfiguration refuses a file it may not read", () => {
  const path = written("{}");
  chmodSync(folder, 0o711);
  chmodSync(path, 0);
  const isRoot = process.geteuid?.() === 0;
  // Root may read every file: for a moment this process is nobody.
  if (isRoot) process.seteuid?.(65534);
  try {
    expect(loadConfiguration(path, STREAM)).toEqual([`Cannot read ${path}: permission denied`]);
  } finally {
    if (isRoot) process.seteuid?.(0);
    chmodSync(path, 0o600);
  }
});

const broken: readonly [rule: string, text: string][] = [
  ["an empty file", ""],
  ["a file cut short", '{ "sources": [ { "id": "blog", "writeKey": "wk_secret_1"'],
  ["a write key without quotes", '{ "sources": [ { "id": "blog", "writeKey": wk_secret_1 } ] }'],
  ["a comma too many", '{ "sources": [ { "id": "blog", "writeKey": "wk_secret_1", } ] }'],
  ["a comment", '{ // wk_secret_1\n "sources": [] }'],
  ["a key without quotes", "{ wk_secret_1: 1 }"],
  ["a single-quoted value", "{ \"sources\": 'wk_secret_1' }"],
];
for (const [rule, text] of broken) {
  test(`loadConfiguration refuses ${rule} as not JSON, and tells no write key`, () => {
    const path = written(text);
    const faults = loadConfiguration(path, STREAM) as string[];
    expect(faults).toHaveLength(1);
    expect(faults[0]).toStartWith(`Cannot read ${path}: not JSON`);
    expect(faults[0]).not.toContain("wk_secret");
  });
}
