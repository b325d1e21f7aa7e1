// What an operator reads – log lines, metrics, obstacles, NATS rights – held to what the gateway says and needs.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "nats";
import { findObstacles } from "../../src/admin/readiness.ts";
import { tellTroubles } from "../../src/admin/troubles.ts";
import { SPOOL_STATES } from "../../src/delivery/spool/admission.ts";
import { DESTINATION_STATES, NATS_STATES } from "../../src/delivery/state.ts";
import { createMetrics } from "../../src/observe/metrics.ts";
import { tailLines, withGateway } from "../support/gatewayprocess.ts";
import { startNats } from "../support/natsserver.ts";
import { IDLE } from "../support/ports.ts";
import { destination, NO_ACK } from "../support/troubles.ts";
import { until } from "../support/until.ts";
import { codeIn, ROOT, readDocument, rowsUnder } from "./markdown.ts";

const OPERATING = readDocument("docs/operating.md");
const SOURCE = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .map((file) => readFileSync(join(ROOT, "src", file), "utf8"))
  .join("\n");

/** What the first cells of the tables under a heading name as code. */
function namedUnder(heading: string): string[] {
  return rowsUnder(OPERATING, heading).flatMap(([cell = ""]) => codeIn(cell));
}

test("docs/operating.md has a row for every log line, with its level", () => {
  const rows = rowsUnder(OPERATING, "Log lines");
  const found = SOURCE.matchAll(/\blog\.(debug|info|warn|error)\(\s*"([^"]+)"/g);
  const lines = Array.from(found, ([, level, text = ""]) => ({ level, text }));
  expect(lines.length).toBeGreaterThan(30);
  const missing = lines.filter(
    (line) => !rows.some(([cell = "", level]) => codeIn(cell).includes(line.text) && level === line.level),
  );
  expect(missing).toEqual([]);
});

test("docs/operating.md has no row for a log line that nobody writes", () => {
  expect(namedUnder("Log lines").filter((text) => !SOURCE.includes(`"${text}"`))).toEqual([]);
});

test("docs/operating.md has a row for every metric, and for no other", async () => {
  const metrics = createMetrics({ version: "1", startedMs: 0, sourceIds: () => [], delivery: () => IDLE });
  const text = await metrics.render();
  metrics.stop();
  const names = Array.from(text.matchAll(/^# TYPE (\S+)/gm), ([, name = ""]) => name);
  expect(namedUnder("Metrics").sort()).toEqual(names.sort());
});

test("docs/operating.md has a row for every obstacle to readiness", () => {
  const states = NATS_STATES.flatMap((nats) => SPOOL_STATES.map((spool) => ({ ...IDLE, nats, spool })));
  const counts = [0, 1].flatMap((running) => [0, 1].map((shedding) => ({ wanted: 1, running, shedding })));
  const obstacles = new Set(
    states.flatMap((state) =>
      counts.flatMap((processes) =>
        [true, false].flatMap((isDraining) => findObstacles(state, processes, isDraining)),
      ),
    ),
  );
  expect(namedUnder("Readiness").sort()).toEqual([...obstacles].sort());
});

test("docs/operating.md shows the lines that /readyz has of what is in trouble", () => {
  const destinations = [
    destination("warehouse", {
      state: "shut",
      reason: "maximum messages exceeded (10077)",
      copies: 1203,
      refused: 57,
      quarantined: 12,
    }),
    destination("alerts", {
      state: "slow",
      reason: "the stream acks later than a client should wait",
      copies: 1,
    }),
    destination("crm", { state: "barred", reason: "the stream CRM is missing", copies: 40 }),
  ];
  const findings = [{ ...NO_ACK, says: "the stream does not ack" }];
  const lines = ["OK", ...tellTroubles({ ...IDLE, destinations, findings, quarantineFull: true })];
  const blocks = OPERATING.blocks.filter(({ language }) => language === "text");
  expect(blocks.map(({ text }) => text)).toContain(lines.join("\n"));
});

test("docs/operating.md has a row for every state of a destination", () => {
  expect(namedUnder("A destination in trouble").slice(0, DESTINATION_STATES.length)).toEqual([
    ...DESTINATION_STATES,
  ]);
});

test("docs/operating.md shows NATS rights that are enough for the gateway, for tail and for a durable subscriber", async () => {
  const config = OPERATING.blocks.find(({ language }) => language === "conf")?.text ?? "";
  const nats = await startNats({ config });
  try {
    const env = { NATS_URL: nats.url, NATS_USER: "gateway", NATS_PASSWORD: "change-me" };
    await withGateway({ env }, async (gateway) => {
      await until("the stream is created", () => gateway.output().includes("created the stream"));
      await fetch(`${gateway.url}/pixel/v1/page?writeKey=demo&name=Allowed`);
      const reader = { ...gateway.env, NATS_USER: "reader", NATS_PASSWORD: "change-me-too" };
      const [event = ""] = await tailLines({ ...gateway, env: reader }, ["--from-start", "--json"], 1);
      expect(JSON.parse(event).name).toBe("Allowed");

      const connection = await connect({ servers: nats.url, user: "reader", pass: "change-me-too" });
      const settings = {
        durable_name: "demo",
        filter_subject: "pixel.demo.>",
        ack_policy: AckPolicy.Explicit,
      };
      await (await jetstreamManager(connection)).consumers.add("PIXEL", settings);
      const consumer = await jetstream(connection).consumers.get("PIXEL", "demo");
      const message = await consumer.next({ expires: 5000 });
      expect(await message?.ackAck()).toBe(true);
      await connection.close();
    });
  } finally {
    await nats.stop();
  }
});
