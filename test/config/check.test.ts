import { describe, expect, test } from "bun:test";
import { checkConfigFile } from "../../src/config/check.ts";
import { runAtOnce } from "../../src/config/steps.ts";

const SOURCE = { id: "blog", writeKey: "wk_secret_1", destinations: ["warehouse"] };
const GOOD = { sources: [SOURCE], destinations: [{ id: "warehouse" }] };

function faultsOf(content: unknown): string[] {
  const checked = runAtOnce(checkConfigFile(content, "PIXEL"));
  return Array.isArray(checked) ? checked : [];
}

const source = (change: object) => ({ ...GOOD, sources: [{ ...SOURCE, ...change }] });
const destination = (change: object) => ({ ...GOOD, destinations: [{ id: "warehouse", ...change }] });

test("checkConfigFile returns a file without a fault as it is", () => {
  expect(runAtOnce(checkConfigFile(GOOD, "PIXEL"))).toBe(GOOD);
});

test("checkConfigFile admits a $schema for editors", () => {
  const content = { $schema: "./config.schema.json", ...GOOD };
  expect(runAtOnce(checkConfigFile(content, "PIXEL"))).toBe(content);
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
    [
      "a destination that is named twice",
      source({ destinations: ["warehouse", "warehouse"] }),
      ["sources[0].destinations: expected array elements to be unique"],
    ],
    [
      "a type that is named twice",
      destination({ events: ["page", "page"] }),
      ["destinations[0].events: expected array elements to be unique"],
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
    test(`checkConfigFile refuses ${rule}`, () => expect(faultsOf(content)).toEqual([...faults]));
  }

  test("checkConfigFile names every fault at once", () => {
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

  test("checkConfigFile tells no write key in a fault", () => {
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
