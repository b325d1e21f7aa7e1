import { expect, test } from "bun:test";
import { ConfigFile } from "../../src/config/schema.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { writeGenerated } from "./generated.ts";
import { DOCUMENTS, readDocument, rowsUnder } from "./markdown.ts";

for (const { path, text } of DOCUMENTS.filter(({ text }) => text.includes("<!-- generated: "))) {
  test(`${path} says what the code says: else run \`bun run docs\``, () => {
    expect(text).toBe(writeGenerated(text));
  });
}

test("docs/configuration.md has a row for every setting of the environment, with its default", () => {
  const rows = rowsUnder(readDocument("docs/configuration.md"), "Environment");
  expect(rows.map(([name, fallback]) => [name, fallback])).toEqual(
    Object.entries(SETTINGS).map(([name, { fallback }]) => [
      `\`${name}\``,
      fallback === "" ? "" : `\`${fallback}\``,
    ]),
  );
});

test("docs/configuration.md has a row for every setting of a source and of a destination", () => {
  const document = readDocument("docs/configuration.md");
  const { sources, destinations } = ConfigFile.properties;
  for (const [heading, list] of [
    ["A source", sources],
    ["A destination", destinations],
  ] as const) {
    const names = rowsUnder(document, heading).map(([name]) => name);
    expect(names).toEqual(Object.keys(list.items.properties).map((name) => `\`${name}\``));
  }
});

test("docs/architecture.md takes each state table from the head of its file", () => {
  const { text } = readDocument("docs/architecture.md");
  const machines = Array.from(text.matchAll(/<!-- generated: table (\S+) -->/g), ([, path]) => path);
  expect(machines).toEqual([
    "src/delivery/nats/health.ts",
    "src/delivery/gate.ts",
    "src/delivery/spool/admission.ts",
    "src/delivery/relaywindow.ts",
    "src/process/slot.ts",
    "src/process/descriptors.ts",
    "src/server/loadshedder.ts",
  ]);
});

test("writeGenerated writes a table that is not there, and refuses a name that nobody knows", () => {
  const place = (what: string) => `before\n<!-- generated: ${what} -->\nold\n<!-- end -->\nafter`;
  const written = writeGenerated(place("destinations"));
  expect(written).toStartWith("before\n<!-- generated: destinations -->\n| setting |");
  expect(written).not.toContain("old");
  expect(written).toEndWith("|\n<!-- end -->\nafter");
  expect(() => writeGenerated(place("nonsense"))).toThrow('Cannot write "nonsense"');
});
