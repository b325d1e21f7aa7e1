import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Value } from "@sinclair/typebox/value";
import manifest from "../../package.json" with { type: "json" };
import { ConfigFile } from "../../src/config/schema.ts";
import { SETTINGS } from "../../src/config/settings.ts";
import { resolveSources } from "../../src/config/sources.ts";
import { PageEvent, TrackEvent } from "../../src/pixel/schema.ts";
import { tailLines, withGateway } from "../support/gatewayprocess.ts";
import { startNats } from "../support/natsserver.ts";
import { until } from "../support/until.ts";

const ROOT = join(import.meta.dir, "../..");
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

test("README names every reason a pixel is refused for", () => {
  const code = ["server/app.ts", "server/decide.ts", "pixel/build.ts", "pixel/query.ts"]
    .map((file) => readFileSync(join(ROOT, "src", file), "utf8"))
    .join("\n");
  const reasons = Array.from(
    code.matchAll(/\b(?:400|414|429|503), (?:"([^"]+)"|`([^$`]+))/g),
    ([, all, start = ""]) => all ?? start,
  );
  expect(reasons.length).toBeGreaterThan(10);
  const table = README.split("\n").filter((line) => /^\| [45]\d\d \|/.test(line));
  for (const reason of reasons) {
    // One row speaks for all fields.
    if (!/must be an? \w+$/.test(reason)) expect(table.join("\n")).toContain(reason);
  }
});

test("README names the NATS rights that the gateway and tail need", async () => {
  const line = README.split("\n").find((line) => line.includes("**NATS rights.**")) ?? "";
  const rights = Array.from(line.matchAll(/`([^`]+>|[^`]+\.PIXEL)`/g), ([, subject]) =>
    JSON.stringify(subject),
  );
  const inbox = rights.filter((subject) => subject.includes("_INBOX"));
  const publish = rights.filter((subject) => !inbox.includes(subject));
  const user = `{ user: gateway, password: pw, permissions: { publish: [${publish}], subscribe: [${inbox}] } }`;
  const nats = await startNats({
    config: `authorization { users: [${user}, { user: admin, password: pw }] }\nno_auth_user: admin`,
  });
  try {
    const env = { NATS_URL: nats.url, NATS_USER: "gateway", NATS_PASSWORD: "pw" };
    await withGateway({ env }, async (gateway) => {
      await until("the stream is created", () => gateway.output().includes("created the stream"));
      await fetch(`${gateway.url}/pixel/v1/page?writeKey=demo&name=Allowed`);
      const [event = ""] = await tailLines(gateway, ["--from-start", "--json"], 1);
      expect(JSON.parse(event).name).toBe("Allowed");
    });
  } finally {
    await nats.stop();
  }
});

test("README names scripts and files that exist", () => {
  const scripts: readonly string[] = Object.keys(manifest.scripts);
  for (const [, script = ""] of README.matchAll(/`bun run ([a-z:]+)`/g)) expect(scripts).toContain(script);
  for (const [, path = ""] of README.matchAll(/`(deploy\/[^`]+)`/g))
    expect(existsSync(join(ROOT, path))).toBe(true);
  const tree = README.slice(README.lastIndexOf("src/\n"));
  const rooms = Array.from(tree.matchAll(/^ {2}((?:[a-z]+\/ ?)+|main\.ts)/gm), ([, names = ""]) =>
    names.trim(),
  );
  expect(rooms.length).toBeGreaterThan(0);
});
