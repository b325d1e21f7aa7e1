// The alerts: of series that there are, with a place that says what to do, and each goes off when it should.
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Type } from "@sinclair/typebox";
import { createMetrics } from "../../src/observe/metrics.ts";
import { anchorsOf, readDocument } from "../documents/markdown.ts";
import { IDLE } from "../support/ports.ts";
import { whyNot } from "../support/system.ts";
import { destination } from "../support/troubles.ts";
import { unless } from "../support/unless.ts";
import { checkShape, ROOT, readYaml, runTool, strict } from "./files.ts";

const Alerts = strict({
  groups: Type.Array(
    strict({
      name: Type.Literal("pixelgate"),
      rules: Type.Array(
        strict({
          alert: Type.String({ pattern: "^Pixelgate[A-Za-z]+$" }),
          expr: Type.String(),
          for: Type.Optional(Type.String({ pattern: "^[0-9]+m$" })),
          labels: strict({ severity: Type.Union([Type.Literal("page"), Type.Literal("ticket")]) }),
          annotations: strict({
            summary: Type.String({ minLength: 1 }),
            runbook: Type.String({ pattern: "^docs/operating\\.md#" }),
          }),
        }),
        { minItems: 1 },
      ),
    }),
    { minItems: 1 },
  ),
});

const FILE = "deploy/prometheus/alerts.yml";
const rules = checkShape(Alerts, readYaml(FILE)[0]).groups.flatMap((group) => group.rules);

test("prometheus.yml reads the alerts", () => {
  const [config] = readYaml("deploy/prometheus/prometheus.yml");
  expect(config).toMatchObject({ rule_files: ["alerts.yml"] });
});

test("alerts ask for series and labels that /metrics has, and for no other", async () => {
  const state = { ...IDLE, destinations: [destination("warehouse")] };
  const metrics = createMetrics({
    version: "1",
    startedMs: 0,
    sourceIds: () => ["blog"],
    delivery: () => state,
  });
  const text = await metrics.render();
  metrics.stop();
  const names = new Set(Array.from(text.matchAll(/^# TYPE (\S+)/gm), ([, name = ""]) => name));
  const labels = new Set([
    "job",
    "instance",
    ...Array.from(text.matchAll(/(\w+)="/g), ([, name = ""]) => name),
  ]);
  for (const { expr } of rules) {
    for (const [name] of expr.matchAll(/\bpixelgate_\w+/g)) expect(names).toContain(name);
    for (const [, label = ""] of expr.matchAll(/(\w+)(?==~?")/g)) expect(labels).toContain(label);
    for (const [, list = ""] of expr.matchAll(/\bby \(([^)]*)\)/g)) {
      for (const label of list.split(/,\s*/)) expect(labels).toContain(label);
    }
  }
});

test("alerts name a heading of the operator's document that says what to do", () => {
  const anchors = anchorsOf(readDocument("docs/operating.md"));
  const lost = rules.filter(({ annotations }) => !anchors.includes(annotations.runbook.split("#")[1] ?? ""));
  expect(lost.map(({ alert }) => alert)).toEqual([]);
});

const GATEWAY = 'instance="gateway:9090",job="pixelgate"';
const WAREHOUSE = `${GATEWAY},destination="warehouse"`;

/** An alert, a series as promtool writes it that sets it off, after how many minutes, and the labels beside its own. */
const ROWS: readonly (readonly [
  alert: string,
  series: Readonly<Record<string, string>>,
  minutes: number,
  labels: string[],
])[] = [
  ["PixelgateAway", { [`up{${GATEWAY}}`]: "0x20" }, 2, ["instance", "job"]],
  [
    "PixelgateEventsFail",
    { [`pixelgate_events_total{${GATEWAY},outcome="failed"}`]: "0 0 3x20" },
    3,
    ["instance"],
  ],
  [
    "PixelgateSpoolTakesNothing",
    { [`pixelgate_spool_full{${GATEWAY}}`]: "0x20", [`pixelgate_spool_failing{${GATEWAY}}`]: "1x20" },
    1,
    ["instance"],
  ],
  ["PixelgateNatsAway", { [`pixelgate_nats_state{${GATEWAY},state="degraded"}`]: "1x20" }, 6, ["instance"]],
  [
    "PixelgateDestinationOverShare",
    { [`pixelgate_destination_refused_total{${WAREHOUSE}}`]: "0 0 3x20" },
    3,
    ["instance", "destination"],
  ],
  [
    "PixelgateDestinationShut",
    { [`pixelgate_destination_state{${WAREHOUSE},state="barred"}`]: "1x20" },
    6,
    ["instance", "destination", "state"],
  ],
  [
    "PixelgateDestinationSlow",
    { [`pixelgate_destination_state{${WAREHOUSE},state="slow"}`]: "1x60" },
    31,
    ["instance", "destination"],
  ],
  ["PixelgateQuarantineFull", { [`pixelgate_quarantine_full{${GATEWAY}}`]: "1x20" }, 1, ["instance"]],
  [
    "PixelgateQuarantine",
    { [`pixelgate_destination_quarantined_copies{${WAREHOUSE}}`]: "12x20" },
    1,
    ["instance", "destination"],
  ],
  ["PixelgateStreamFault", { [`pixelgate_findings{${GATEWAY},severity="fault"}`]: "1x20" }, 2, ["instance"]],
  ["PixelgateSpoolDamaged", { [`pixelgate_spool_damaged_rows{${GATEWAY}}`]: "3x20" }, 1, ["instance"]],
];

/** What a gateway says while all is well. */
const WELL = {
  [`up{${GATEWAY}}`]: "1x60",
  [`pixelgate_events_total{${GATEWAY},outcome="failed"}`]: "7x60",
  [`pixelgate_events_total{${GATEWAY},outcome="published"}`]: "0+100x60",
  [`pixelgate_spool_full{${GATEWAY}}`]: "0x60",
  [`pixelgate_spool_failing{${GATEWAY}}`]: "0x60",
  [`pixelgate_spool_damaged_rows{${GATEWAY}}`]: "0x60",
  [`pixelgate_nats_state{${GATEWAY},state="up"}`]: "1x60",
  [`pixelgate_nats_state{${GATEWAY},state="down"}`]: "0x60",
  [`pixelgate_destination_state{${WAREHOUSE},state="open"}`]: "1x60",
  // As it is while NATS is away, which is another alert's matter.
  [`pixelgate_destination_state{${GATEWAY},destination="b",state="unknown"}`]: "1x60",
  [`pixelgate_destination_refused_total{${WAREHOUSE}}`]: "57x60",
  [`pixelgate_destination_quarantined_copies{${WAREHOUSE}}`]: "0x60",
  [`pixelgate_quarantine_full{${GATEWAY}}`]: "0x60",
  [`pixelgate_findings{${GATEWAY},severity="fault"}`]: "0x60",
  [`pixelgate_findings{${GATEWAY},severity="warning"}`]: "2x60",
};

test("alerts have a row each that sets them off", () => {
  expect(rules.map(({ alert }) => alert).toSorted()).toEqual(ROWS.map(([alert]) => alert).toSorted());
});

const given = (series: Readonly<Record<string, string>>) =>
  Object.entries(series).map(([name, values]) => ({ series: name, values }));

/** Runs one of promtool's own tests: which alert goes off at which minute, with which labels. */
function tryAlert(alert: string, series: object, minutes: number, expected: object[]): void {
  const folder = mkdtempSync(join(tmpdir(), "pixelgate-alerts-"));
  const alert_rule_test = [{ eval_time: `${minutes}m`, alertname: alert, exp_alerts: expected }];
  const tests = [{ interval: "1m", input_series: series, alert_rule_test }];
  writeFileSync(join(folder, "test.yml"), JSON.stringify({ rule_files: [join(ROOT, FILE)], tests }));
  try {
    expect(runTool(["promtool", "test", "rules", join(folder, "test.yml")])).toContain("SUCCESS");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const withPromtool = unless(whyNot("promtool"));
const VALUES: Readonly<Record<string, string>> = {
  instance: "gateway:9090",
  job: "pixelgate",
  destination: "warehouse",
  state: "barred",
};

for (const [alert, series, minutes, names] of ROWS) {
  withPromtool.test(`alerts have ${alert} go off when it should, and not while all is well`, () => {
    const rule = rules.find((rule) => rule.alert === alert);
    if (rule === undefined) throw new Error(`no ${alert}`);
    const labels = Object.fromEntries(names.map((name) => [name, VALUES[name] ?? ""]));
    const fill = (text: string) =>
      text
        .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => labels[name] ?? "")
        .replaceAll("{{ $value }}", () => Object.values(series)[0]?.split("x")[0] ?? "");
    const { summary, runbook } = rule.annotations;
    const exp_labels = { ...labels, ...rule.labels };
    tryAlert(alert, given(series), minutes, [
      { exp_labels, exp_annotations: { summary: fill(summary), runbook } },
    ]);
    tryAlert(alert, given(WELL), 45, []);
  });
}
