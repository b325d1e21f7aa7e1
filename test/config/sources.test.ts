import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadSources, resolveSources, type Sources } from "../../src/config/sources.ts";

const folder = mkdtempSync(join(tmpdir(), "pixelgate-sources-"));
afterAll(() => rmSync(folder, { recursive: true }));

const SOURCE = { id: "blog", writeKey: "wk_secret_1", destinations: ["warehouse"] };
const GOOD = { sources: [SOURCE], destinations: [{ id: "warehouse" }] };

function resolved(content: unknown, prefix = "pixel"): Sources {
  const sources = resolveSources(content, prefix);
  if (Array.isArray(sources)) throw new Error(sources.join("\n"));
  return sources;
}

const source = (change: object) => ({ ...GOOD, sources: [{ ...SOURCE, ...change }] });

describe("what a file resolves to", () => {
  test("resolveSources fills every policy with its default", () => {
    expect(resolved(GOOD).get("wk_secret_1")).toEqual({
      id: "blog",
      writeKey: "wk_secret_1",
      enabled: true,
      anonymousId: "assign",
      reply: null,
      ip: "keep",
      privacySignals: "flag",
      bots: "flag",
      dedupe: null,
      rateLimit: null,
      routes: {
        page: [{ destinationId: "warehouse", subject: "pixel.warehouse.page" }],
        track: [{ destinationId: "warehouse", subject: "pixel.warehouse.track" }],
      },
    });
  });

  test("resolveSources keeps every policy that is given", () => {
    const policies = {
      enabled: false,
      anonymousId: "cookie",
      reply: "gif",
      ip: "truncate",
      privacySignals: "anonymise",
      bots: "drop",
      dedupe: "messageId",
      rateLimit: 10,
    };
    expect(resolved(source(policies)).get("wk_secret_1")).toMatchObject(policies);
  });

  test("resolveSources routes to enabled destinations that admit the type, under the prefix", () => {
    const content = {
      sources: [
        { ...SOURCE, destinations: ["all", "tracks", "off", "pages"] },
        { ...SOURCE, id: "b", writeKey: "b", destinations: [] },
      ],
      destinations: [
        { id: "all" },
        { id: "tracks", events: ["track"] },
        { id: "pages", events: ["page"], enabled: true },
        { id: "off", enabled: false },
        { id: "unused" },
      ],
    };
    const sources = resolved(content, "acme.px");
    const routes = sources.get("wk_secret_1")?.routes;
    expect(routes?.page.map((route) => route.subject)).toEqual(["acme.px.all.page", "acme.px.pages.page"]);
    expect(routes?.track.map((route) => route.subject)).toEqual([
      "acme.px.all.track",
      "acme.px.tracks.track",
    ]);
    expect(sources.get("b")?.routes).toEqual({ page: [], track: [] });
  });

  test("resolveSources returns the faults of a file in place of its sources", () => {
    expect(resolveSources(source({ ip: "hash" }), "pixel")).toEqual([
      'sources[0].ip: must be "keep" or "truncate" or "drop"',
    ]);
  });

  test("loadSources runs the demo without a file", () => {
    const sources = loadSources(null, "pixel");
    if (Array.isArray(sources)) throw new Error(sources.join("\n"));
    expect([...sources.keys()]).toEqual(["demo"]);
    expect(sources.get("demo")?.routes.page).toEqual([{ destinationId: "demo", subject: "pixel.demo.page" }]);
  });
});

describe("files", () => {
  function written(text: string): string {
    const path = join(folder, "pixelgate.json");
    writeFileSync(path, text);
    return path;
  }

  test("loadSources reads a file", () => {
    const sources = loadSources(written(JSON.stringify(GOOD)), "pixel");
    if (Array.isArray(sources)) throw new Error(sources.join("\n"));
    expect([...sources.keys()]).toEqual(["wk_secret_1"]);
  });

  test("loadSources names the file in every fault", () => {
    const path = written(JSON.stringify(source({ ip: "x", bots: "y" })));
    expect(loadSources(path, "pixel")).toEqual([
      `Cannot use ${path}: sources[0].ip: must be "keep" or "truncate" or "drop"`,
      `Cannot use ${path}: sources[0].bots: must be "flag" or "drop"`,
    ]);
  });

  test("loadSources reads a file that begins with a byte order mark", () => {
    expect(loadSources(written(`\uFEFF${JSON.stringify(source({}))}`), "pixel")).toBeInstanceOf(Map);
  });

  test("loadSources refuses a file that is not there", () => {
    const path = join(folder, "missing.json");
    expect(loadSources(path, "pixel")).toEqual([`Cannot read ${path}: no such file`]);
  });

  test("loadSources refuses a folder", () => {
    expect(loadSources(folder, "pixel")).toEqual([expect.stringMatching(/^Cannot read .+: .+/)]);
  });

  test("loadSources refuses a file it may not read", () => {
    const path = written("{}");
    chmodSync(folder, 0o711);
    chmodSync(path, 0);
    const isRoot = process.geteuid?.() === 0;
    // Root may read every file: for a moment this process is nobody.
    if (isRoot) process.seteuid?.(65534);
    try {
      expect(loadSources(path, "pixel")).toEqual([`Cannot read ${path}: permission denied`]);
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
    test(`loadSources refuses ${rule} as not JSON, and tells no write key`, () => {
      const path = written(text);
      const faults = loadSources(path, "pixel") as string[];
      expect(faults).toHaveLength(1);
      expect(faults[0]).toStartWith(`Cannot read ${path}: not JSON`);
      expect(faults[0]).not.toContain("wk_secret");
    });
  }
});
