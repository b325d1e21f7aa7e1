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

function faultsOf(content: unknown): string[] {
  const sources = resolveSources(content, "pixel");
  return Array.isArray(sources) ? sources : [];
}

const source = (change: object) => ({ ...GOOD, sources: [{ ...SOURCE, ...change }] });
const destination = (change: object) => ({ ...GOOD, destinations: [{ id: "warehouse", ...change }] });

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

  test("resolveSources admits a $schema for editors", () => {
    expect(resolved({ $schema: "./config.schema.json", ...GOOD }).size).toBe(1);
  });

  test("loadSources runs the demo without a file", () => {
    const sources = loadSources(null, "pixel");
    if (Array.isArray(sources)) throw new Error(sources.join("\n"));
    expect([...sources.keys()]).toEqual(["demo"]);
    expect(sources.get("demo")?.routes.page).toEqual([{ destinationId: "demo", subject: "pixel.demo.page" }]);
  });
});

const TOKEN = "must be 1 to 64 of A-Z a-z 0-9 _ -, and cannot begin with _";

describe("faults", () => {
  const rows: readonly [rule: string, content: unknown, faults: readonly string[]][] = [
    ["a list for a file", [], ["the file: expected object"]],
    ["null for a file", null, ["the file: expected object"]],
    ["an empty object", {}, ["sources: is missing", "destinations: is missing"]],
    ["no source", { ...GOOD, sources: [] }, ["sources: expected array length to be greater or equal to 1"]],
    ["a source that is text", { ...GOOD, sources: ["x"] }, ["sources[0]: expected object"]],
    ["an unknown setting", { ...GOOD, port: 1 }, ["port: is not a known setting"]],
    [
      "an unknown setting of a source",
      source({ writekey: "x" }),
      ["sources[0].writekey: is not a known setting"],
    ],
    [
      "an unknown setting of a destination",
      destination({ url: "x" }),
      ["destinations[0].url: is not a known setting"],
    ],
    [
      "a setting with a slash and a tilde",
      source({ "a/b~c": 1 }),
      ["sources[0].a/b~c: is not a known setting"],
    ],
    [
      "a source without id",
      { ...GOOD, sources: [{ writeKey: "w", destinations: [] }] },
      ["sources[0].id: is missing"],
    ],
    ["an id with a dot", source({ id: "a.b" }), [`sources[0].id: ${TOKEN}`]],
    ["an id with a wildcard", source({ id: "*" }), [`sources[0].id: ${TOKEN}`]],
    ["an id that begins with _", source({ id: "_a" }), [`sources[0].id: ${TOKEN}`]],
    ["an id with a line break at its end", source({ id: "a\n" }), [`sources[0].id: ${TOKEN}`]],
    ["an empty id", source({ id: "" }), [`sources[0].id: ${TOKEN}`]],
    ["an id that is a number", source({ id: 7 }), [`sources[0].id: ${TOKEN}`]],
    [
      "a destination id with a space",
      { sources: [{ ...SOURCE, destinations: [] }], destinations: [{ id: "a b" }] },
      [`destinations[0].id: ${TOKEN}`],
    ],
    [
      "an empty write key",
      source({ writeKey: "" }),
      ["sources[0].writeKey: must not be empty, nor begin or end with a space"],
    ],
    [
      "a write key with a space at its end",
      source({ writeKey: "a " }),
      ["sources[0].writeKey: must not be empty, nor begin or end with a space"],
    ],
    [
      "a wrong anonymousId",
      source({ anonymousId: "guess" }),
      ['sources[0].anonymousId: must be "assign" or "cookie" or "reject"'],
    ],
    ["a wrong reply", source({ reply: "png" }), ['sources[0].reply: must be "gif" or "text"']],
    ["a wrong ip", source({ ip: "hash" }), ['sources[0].ip: must be "keep" or "truncate" or "drop"']],
    [
      "wrong privacySignals",
      source({ privacySignals: true }),
      ['sources[0].privacySignals: must be "flag" or "anonymise" or "drop"'],
    ],
    ["wrong bots", source({ bots: "ban" }), ['sources[0].bots: must be "flag" or "drop"']],
    ["a wrong dedupe", source({ dedupe: "event" }), ['sources[0].dedupe: must be "messageId"']],
    [
      "a rate of nothing",
      source({ rateLimit: 0 }),
      ["sources[0].rateLimit: expected integer to be greater or equal to 1"],
    ],
    ["a rate that is text", source({ rateLimit: "5" }), ["sources[0].rateLimit: expected integer"]],
    ["enabled as text", source({ enabled: "yes" }), ["sources[0].enabled: expected boolean"]],
    [
      "a wrong event",
      destination({ events: ["page", "click"] }),
      ['destinations[0].events[1]: must be "page" or "track"'],
    ],
    [
      "no event",
      destination({ events: [] }),
      ["destinations[0].events: expected array length to be greater or equal to 1"],
    ],
    [
      "an unknown destination",
      source({ destinations: ["warehouse", "nowhere"] }),
      ['sources[0].destinations[1]: no destination has the id "nowhere"'],
    ],
    [
      "two sources of one id",
      { ...GOOD, sources: [SOURCE, { ...SOURCE, writeKey: "b" }] },
      ["sources[1].id: is the same as sources[0].id"],
    ],
    [
      "two sources of one write key",
      { ...GOOD, sources: [SOURCE, { ...SOURCE, id: "b" }] },
      ["sources[1].writeKey: is the same as sources[0].writeKey"],
    ],
    [
      "two destinations of one id",
      { ...GOOD, destinations: [{ id: "warehouse" }, { id: "warehouse" }] },
      ["destinations[1].id: is the same as destinations[0].id"],
    ],
  ];
  for (const [rule, content, faults] of rows) {
    test(`resolveSources refuses ${rule}`, () => expect(faultsOf(content)).toEqual([...faults]));
  }

  test("resolveSources names every fault at once", () => {
    const content = {
      sources: [{ ...SOURCE, id: "a.b", ip: "hash", destinations: ["x"] }, SOURCE],
      destinations: [{ id: "warehouse", events: "track" }, { id: "warehouse" }],
      extra: 1,
    };
    expect(
      faultsOf(content)
        .map((fault) => fault.slice(0, fault.indexOf(":")))
        .sort(),
    ).toEqual([
      "destinations[0].events",
      "destinations[1].id",
      "extra",
      "sources[0].destinations[0]",
      "sources[0].id",
      "sources[0].ip",
      "sources[1].writeKey",
    ]);
  });

  test("resolveSources tells no write key in a fault", () => {
    const contents = [
      source({ id: "a.b" }),
      source({ writeKey: " wk_secret_1" }),
      source({ writeKey: "wk_secret_1".repeat(30) }),
      source({ writeKey: ["wk_secret_1"] }),
      { ...GOOD, sources: [SOURCE, { ...SOURCE, id: "b" }] },
    ];
    for (const content of contents) {
      const faults = faultsOf(content);
      expect(faults).toHaveLength(1);
      expect(faults.join("\n")).not.toContain("wk_secret");
    }
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

  const root = process.getuid?.() === 0;
  test.skipIf(root)(
    `loadSources refuses a file it may not read${root ? " (skipped: root may read every file)" : ""}`,
    () => {
      const path = written("{}");
      chmodSync(path, 0);
      expect(loadSources(path, "pixel")).toEqual([`Cannot read ${path}: permission denied`]);
      chmodSync(path, 0o600);
    },
  );

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
