import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Type } from "@sinclair/typebox";
import { IDLE, openPorts } from "../support/ports.ts";
import { whyNot } from "../support/system.ts";
import { destination } from "../support/troubles.ts";
import { unless } from "../support/unless.ts";
import { checkShape, readText, readYaml, runTool, strict } from "./files.ts";

const Source = strict({ type: Type.Literal("prometheus"), uid: Type.String() });
const Panel = Type.Object({
  id: Type.Integer(),
  type: Type.Union([Type.Literal("row"), Type.Literal("stat"), Type.Literal("timeseries")]),
  title: Type.String({ minLength: 1 }),
  gridPos: strict({ x: Type.Integer(), y: Type.Integer(), w: Type.Integer(), h: Type.Integer() }),
  datasource: Type.Optional(Source),
  targets: Type.Optional(
    Type.Array(
      strict({
        refId: Type.String(),
        datasource: Source,
        expr: Type.String(),
        legendFormat: Type.String({ minLength: 1 }),
      }),
      { minItems: 1 },
    ),
  ),
});
const Dashboard = Type.Object({
  uid: Type.Literal("pixelgate"),
  title: Type.Literal("Pixelgate"),
  schemaVersion: Type.Integer({ minimum: 36 }),
  panels: Type.Array(Panel, { minItems: 5 }),
  annotations: strict({ list: Type.Array(Type.Object({ datasource: Source, expr: Type.String() })) }),
  templating: strict({
    list: Type.Array(Type.Object({ name: Type.String(), datasource: Source, definition: Type.String() })),
  }),
});
const Prometheus = strict({
  global: strict({ scrape_interval: Type.String({ pattern: "^[0-9]+s$" }) }),
  rule_files: Type.Array(Type.String()),
  scrape_configs: Type.Array(
    strict({
      job_name: Type.String(),
      static_configs: Type.Array(strict({ targets: Type.Array(Type.String()) })),
    }),
  ),
});
const Datasources = strict({
  apiVersion: Type.Literal(1),
  datasources: Type.Array(
    strict({
      name: Type.String(),
      uid: Type.String(),
      type: Type.Literal("prometheus"),
      access: Type.Literal("proxy"),
      url: Type.String(),
      isDefault: Type.Literal(true),
      jsonData: strict({ timeInterval: Type.String() }),
    }),
  ),
});
const Providers = strict({
  apiVersion: Type.Literal(1),
  providers: Type.Array(
    strict({
      name: Type.String(),
      type: Type.Literal("file"),
      options: strict({ path: Type.String() }),
    }),
  ),
});

const dashboard = checkShape(Dashboard, JSON.parse(readText("deploy/grafana/dashboards/pixelgate.json")));
const prometheus = checkShape(Prometheus, readYaml("deploy/prometheus/prometheus.yml")[0]);
const { datasources } = checkShape(Datasources, readYaml("deploy/grafana/datasources/prometheus.yaml")[0]);
const { providers } = checkShape(Providers, readYaml("deploy/grafana/dashboards/pixelgate.yaml")[0]);
const compose = readText("compose.yaml");

/** Every expression of the dashboard as Prometheus gets it, with Grafana's variables filled in. */
const expressions = [
  ...dashboard.panels.flatMap((panel) => panel.targets ?? []).map(({ expr }) => expr),
  ...dashboard.annotations.list.map(({ expr }) => expr),
].map((expr) => expr.replaceAll("$__rate_interval", "1m").replaceAll("$source", ".*"));

let ports: ReturnType<typeof openPorts>;
let exposition = "";

beforeAll(async () => {
  ports = openPorts();
  ports.world.state = { ...IDLE, destinations: [destination("warehouse")] };
  const send = (path: string, agent = "curl/8") =>
    fetch(`${ports.publicUrl}/pixel/v1/${path}`, { headers: { "user-agent": agent } });
  await send("page?writeKey=wk_blog&name=Home");
  await send("track?writeKey=wk_blog");
  await send("page?writeKey=wk_shop", "Googlebot/2.1");
  exposition = await (await fetch(`${ports.adminUrl}/metrics`)).text();
});

afterAll(() => ports.close());

/** Names of the series that /metrics has, by the lines that announce them. */
function seriesNames(): Set<string> {
  return new Set(
    [...exposition.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name = "", type]) =>
      type === "histogram" ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
}

test("dashboard asks for series that /metrics has, and for no other", () => {
  const names = seriesNames();
  const asked = new Set<string>();
  for (const text of [...expressions, ...dashboard.templating.list.map(({ definition }) => definition)]) {
    for (const [name] of text.matchAll(/\b(pixelgate|process)_\w+/g)) asked.add(name);
  }
  expect([...asked].filter((name) => !names.has(name))).toEqual([]);
  expect(asked.size).toBeGreaterThan(12);
});

test("dashboard groups and selects by labels that the series have", () => {
  const labels = new Set(["job", "instance"]);
  for (const [, list = ""] of exposition.matchAll(/^\w+\{(.*)\} /gm)) {
    for (const [, label = ""] of list.matchAll(/(\w+)="/g)) labels.add(label);
  }
  for (const expr of expressions) {
    const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(/,\s*/));
    const selected = [...expr.matchAll(/(\w+)(?==~?"|!=")/g)].map(([, label = ""]) => label);
    for (const label of [...grouped, ...selected]) expect(labels).toContain(label);
  }
});

test("dashboard lays its panels out side by side, each with an id of its own", () => {
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  const taken = new Set<string>();
  for (const { gridPos } of dashboard.panels) {
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken.has(`${x},${y}`)).toBe(false);
        taken.add(`${x},${y}`);
      }
    }
  }
});

test("dashboard, datasource and Prometheus know each other by the names that compose.yaml gives them", () => {
  const [datasource] = datasources;
  const used = [...dashboard.panels, ...dashboard.annotations.list, ...dashboard.templating.list];
  for (const { datasource: of } of used) if (of !== undefined) expect(of.uid).toBe(datasource?.uid ?? "");
  expect(datasource?.url).toBe("http://prometheus:9090");
  expect(datasource?.jsonData.timeInterval).toBe(prometheus.global.scrape_interval);
  const job = prometheus.scrape_configs.find(({ job_name }) => job_name === "pixelgate");
  expect(job?.static_configs).toEqual([{ targets: ["gateway:9090"] }]);
  const path = providers[0]?.options.path ?? "";
  expect(compose).toContain(`./deploy/grafana/dashboards:${path}:ro`);
  expect(compose).toContain(`DEFAULT_HOME_DASHBOARD_PATH: ${path}/pixelgate.json`);
  expect(compose).toContain("./deploy/grafana/datasources:/etc/grafana/provisioning/datasources:ro");
  expect(compose).toContain("./deploy/prometheus:/etc/prometheus:ro");
});

const withPromtool = unless(whyNot("promtool"));

withPromtool.test("prometheus.yml is valid to promtool", () => {
  expect(runTool(["promtool", "check", "config", "deploy/prometheus/prometheus.yml"])).toContain("SUCCESS");
});

withPromtool.test("dashboard has expressions that promtool parses", () => {
  const folder = mkdtempSync(join(tmpdir(), "pixelgate-rules-"));
  const rules = expressions.map((expr, index) => ({ record: `panel:${index}`, expr }));
  writeFileSync(join(folder, "rules.yml"), JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
  try {
    const output = runTool(["promtool", "check", "rules", join(folder, "rules.yml")]);
    expect(output).toContain(`SUCCESS: ${rules.length} rules found`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

withPromtool.test("/metrics is valid to promtool", async () => {
  const check = Bun.spawn(["promtool", "check", "metrics"], {
    stdin: new TextEncoder().encode(exposition),
    stdout: "pipe",
    stderr: "pipe",
  });
  const faults = (await new Response(check.stdout).text()) + (await new Response(check.stderr).text());
  // It checks the names by Prometheus' conventions too.
  expect([await check.exited, faults]).toEqual([0, ""]);
});
