// The wire contract and the samples of the documents, held to the code.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Value } from "@sinclair/typebox/value";
import { resolveConfiguration } from "../../src/config/configuration.ts";
import { defaultStream } from "../../src/config/environment.ts";
import { MAX_LANGUAGE, MAX_REFERER, MAX_USER_AGENT } from "../../src/pixel/headers.ts";
import { MAX_INDEX, MAX_SEGMENTS, MAX_SEGMENTS_IN_ALL } from "../../src/pixel/path.ts";
import { type Flag, PageEvent, TrackEvent } from "../../src/pixel/schema.ts";
import { linesOf, withGateway } from "../support/gatewayprocess.ts";
import { type Block, DOCUMENTS, ROOT, readDocument, rowsUnder } from "./markdown.ts";

const CONTRACT = readDocument("docs/wire-contract.md");

/** Every status and reason of a refusal that stands in the code as a text; of a template, what comes before its value. */
function reasonsInCode(): (readonly [status: string, reason: string])[] {
  const code = ["pixel", "server"].flatMap((room) =>
    readdirSync(join(ROOT, "src", room), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .map((file) => readFileSync(join(ROOT, "src", room, file), "utf8")),
  );
  const found = code.join("\n").matchAll(/\b(4\d\d|503),\s*(?:"([^"]+)"|`([^$`]+))/g);
  return Array.from(found, ([, status = "", all, start = ""]) => [status, all ?? start] as const);
}

test("docs/wire-contract.md has a row for every reason a pixel is refused for, with its status", () => {
  const rows = rowsUnder(CONTRACT, "Reasons").map(([status, reason]) => `${status} ${reason}`);
  // A path that is none of ours is refused without a reason of its own; one row speaks for all fields.
  const reasons = reasonsInCode().filter(
    ([status, reason]) => !["404", "405"].includes(status) && !/ must be a/.test(reason),
  );
  expect(reasons.length).toBeGreaterThan(9);
  const missing = reasons.filter(
    ([status, reason]) => !rows.some((row) => row.startsWith(`${status} \`${reason}`)),
  );
  expect(missing).toEqual([]);
});

test("docs/wire-contract.md has no row for a reason that nothing is refused for", () => {
  const reasons = reasonsInCode().map(([status, reason]) => `${status} \`${reason}`);
  const rows = rowsUnder(CONTRACT, "Reasons").map(([status, reason]) => `${status} ${reason}`);
  expect(rows.filter((row) => !reasons.some((reason) => row.startsWith(reason)))).toEqual([]);
});

test("docs/wire-contract.md tells the bounds of an event, the caps of a query and how far headers are taken", () => {
  const text = readFileSync(join(ROOT, "docs/wire-contract.md"), "utf8").replaceAll(/\s+/g, " ");
  // The bound itself is held to in test/server/decide.size.test.ts.
  expect(text).toContain("4 × the bytes of its target plus 24,576 bytes");
  const write = (count: number) => count.toLocaleString("en");
  expect(text).toContain(
    `${MAX_SEGMENTS} segments in a key, ${write(MAX_SEGMENTS_IN_ALL)} segments in all keys`,
  );
  expect(text).toContain(`${MAX_INDEX} gaps in all arrays`);
  expect(text).toContain(`\`User-Agent\` | up to ${write(MAX_USER_AGENT)} characters`);
  expect(text).toContain(`\`Referer\` | up to ${write(MAX_REFERER)} characters`);
  expect(text).toContain(`\`Accept-Language\` | the first tag in its first ${MAX_LANGUAGE} characters`);
});

test("docs/wire-contract.md has a row for every flag", () => {
  const rows = rowsUnder(CONTRACT, "Flags and policies").map(([name]) => name);
  const { items } = PageEvent.properties.context.properties.gateway.properties.flags;
  const flags: readonly Flag[] = items.anyOf.map((option) => option.const);
  expect(flags.length).toBeGreaterThan(4);
  for (const flag of flags) expect(rows).toContain(`\`${flag}\``);
});

test("docs/wire-contract.md has a row for every field of an event that has a rule", () => {
  const named = rowsUnder(CONTRACT, "Fields").map(([field]) => field);
  const fields = Object.keys({ ...PageEvent.properties, ...TrackEvent.properties });
  // The rows of these two name what is inside.
  const own = fields.filter((field) => field !== "context" && field !== "properties");
  expect(own.filter((field) => !named.some((cell) => cell?.includes(`\`${field}\``)))).toEqual([]);
});

const samples = DOCUMENTS.flatMap(({ path, blocks }) =>
  blocks.filter(({ language }) => language === "json").map((block) => ({ path, block })),
);

function readSample({ text }: Block): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

test("documents show JSON that is an event or a configuration file, and fits its schema", () => {
  expect(samples.length).toBeGreaterThan(1);
  for (const { path, block } of samples) {
    const sample = readSample(block);
    if ("sources" in sample) {
      expect({ path, resolved: resolveConfiguration(sample, defaultStream()) }).toEqual({
        path,
        resolved: { sources: expect.any(Map), layout: expect.anything() },
      });
    } else {
      const schema = sample.type === "page" ? PageEvent : TrackEvent;
      expect({ path, faults: [...Value.Errors(schema, sample)].map((error) => error.message) }).toEqual({
        path,
        faults: [],
      });
    }
  }
});

test("README shows what a started gateway says, but for what differs from machine to machine", async () => {
  const [shown] = readDocument("README.md").blocks.filter(({ text }) => text.startsWith("INFO: listening"));
  const fields = Array.from(shown?.text.matchAll(/^ {4}(\w+): "(.*)"$/gm) ?? [], ([, name, value]) => [
    name,
    value,
  ]);
  expect(fields.length).toBeGreaterThan(4);
  await withGateway({}, async (gateway) => {
    const [line = {}] = linesOf(gateway, "listening");
    const plain = JSON.stringify(line)
      .replaceAll(gateway.url, "http://127.0.0.1:8080")
      .replaceAll(gateway.adminUrl, "http://127.0.0.1:9090")
      .replaceAll(gateway.dataDir, "./data");
    expect(JSON.parse(plain)).toMatchObject(Object.fromEntries(fields));
  });
});
