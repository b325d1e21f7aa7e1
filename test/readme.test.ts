import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Value } from "@sinclair/typebox/value";
import manifest from "../package.json" with { type: "json" };
import { SETTINGS } from "../src/config.ts";
import { PageEvent, TrackEvent } from "../src/pixel/event.ts";
import { ConfigFile, resolveSources } from "../src/sources.ts";

const ROOT = join(import.meta.dir, "..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const samples = Array.from(README.matchAll(/```json\n([\s\S]*?)```/g), ([, text = ""]) => JSON.parse(text));

test("README has at most 200 lines", () => {
  expect(README.trimEnd().split("\n").length).toBeLessThanOrEqual(200);
});

test("README names every setting, with its default beside it", () => {
  for (const [name, { fallback }] of Object.entries(SETTINGS)) {
    const row = README.split("\n").find((line) => line.startsWith("| `") && line.includes(`\`${name}\``));
    expect({ name, row }).toEqual({
      name,
      row: expect.stringContaining(fallback === "" ? "" : `\`${fallback}\``),
    });
  }
});

test("README names every setting of a source", () => {
  const { items } = ConfigFile.properties.sources;
  for (const name of Object.keys(items.properties)) expect(README).toContain(name);
});

test("README shows an event that fits its schema", () => {
  const [event] = samples.filter((sample) => "type" in sample);
  expect(Value.Check(event.type === "page" ? PageEvent : TrackEvent, event)).toBe(true);
});

test("README shows a configuration file that resolves", () => {
  const [file] = samples.filter((sample) => "sources" in sample);
  expect(resolveSources(file, "pixel")).toBeInstanceOf(Map);
});

test("README names scripts and files that exist", () => {
  const scripts: readonly string[] = Object.keys(manifest.scripts);
  for (const [, script = ""] of README.matchAll(/`bun run ([a-z:]+)`/g)) expect(scripts).toContain(script);
  for (const [, path = ""] of README.matchAll(/`(deploy\/[^`]+)`/g))
    expect(existsSync(join(ROOT, path))).toBe(true);
  const tree = README.slice(README.lastIndexOf("src/\n"));
  for (const [name] of tree.matchAll(/\b[a-z]+(?:\.ts|\/)/g))
    expect(existsSync(join(ROOT, name === "src/" ? name : `src/${name}`))).toBe(true);
});
