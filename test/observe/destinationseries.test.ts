import { expect, test } from "bun:test";
import { runAtOnce } from "../../src/config/steps.ts";
import type { DestinationState } from "../../src/delivery/state.ts";
import { snapshotDestinations, writeDestinationSeries } from "../../src/observe/destinationseries.ts";
import { addCounters, type Snapshot } from "../../src/observe/snapshot.ts";
import { destination } from "../support/troubles.ts";

/** The lines of these processes' destinations, without heads. A snapshot travels between processes as JSON. */
function linesOf(processes: readonly (readonly DestinationState[])[]): string[] {
  return linesIn(processes.map(snapshotDestinations));
}

function linesIn(snapshots: readonly Snapshot[]): string[] {
  const text = runAtOnce(writeDestinationSeries(JSON.parse(JSON.stringify(snapshots))));
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("writeDestinationSeries writes what one process says of a destination, and each state", () => {
  const shut = destination("warehouse", {
    state: "shut",
    copies: 1203,
    bytes: 540_000,
    oldestMs: 90_500,
    quarantined: 12,
    refused: 7,
  });
  expect(linesOf([[shut]])).toEqual([
    'pixelgate_destination_state{destination="warehouse",state="open"} 0',
    'pixelgate_destination_state{destination="warehouse",state="slow"} 0',
    'pixelgate_destination_state{destination="warehouse",state="shut"} 1',
    'pixelgate_destination_state{destination="warehouse",state="barred"} 0',
    'pixelgate_destination_state{destination="warehouse",state="unknown"} 0',
    'pixelgate_destination_spool_copies{destination="warehouse"} 1203',
    'pixelgate_destination_spool_bytes{destination="warehouse"} 540000',
    'pixelgate_destination_spool_oldest_seconds{destination="warehouse"} 90.5',
    'pixelgate_destination_quarantined_copies{destination="warehouse"} 12',
    'pixelgate_destination_refused_total{destination="warehouse"} 7',
  ]);
});

test("writeDestinationSeries has a destination at zero before its first copy", () => {
  const lines = linesOf([[destination("quiet")]]);
  expect(lines).toContain('pixelgate_destination_state{destination="quiet",state="open"} 1');
  expect(lines).toContain('pixelgate_destination_spool_oldest_seconds{destination="quiet"} 0');
  expect(lines).toContain('pixelgate_destination_refused_total{destination="quiet"} 0');
});

test("writeDestinationSeries adds several processes up, and takes the longest age", () => {
  const lines = linesOf([
    [
      destination("a", { copies: 1, bytes: 10, oldestMs: 9000, quarantined: 2, refused: 3 }),
      destination("b"),
    ],
    [destination("a", { state: "shut", copies: 4, bytes: 50, oldestMs: 1000, quarantined: 6, refused: 7 })],
    [destination("a", { state: "shut", oldestMs: null })],
  ]);
  const of = (name: string) => lines.find((line) => line.startsWith(`pixelgate_destination_${name}`));
  expect(of('state{destination="a",state="open"}')).toEndWith(" 1");
  expect(of('state{destination="a",state="shut"}')).toEndWith(" 2");
  expect(of('spool_copies{destination="a"}')).toEndWith(" 5");
  expect(of('spool_bytes{destination="a"}')).toEndWith(" 60");
  expect(of('spool_oldest_seconds{destination="a"}')).toEndWith(" 9");
  expect(of('quarantined_copies{destination="a"}')).toEndWith(" 8");
  expect(of('refused_total{destination="a"}')).toEndWith(" 10");
  expect(of('state{destination="b",state="open"}')).toEndWith(" 1");
  expect(new Set(lines).size).toBe(lines.length);
});

test("writeDestinationSeries keeps of a dead process what it has refused, and nothing that it held", () => {
  const dead = snapshotDestinations([destination("a", { state: "shut", copies: 5, refused: 3 })]);
  const lines = linesIn([
    addCounters(addCounters([], dead), dead),
    snapshotDestinations([destination("a", { copies: 1, refused: 1 })]),
  ]);
  expect(lines).toContain('pixelgate_destination_refused_total{destination="a"} 7');
  expect(lines).toContain('pixelgate_destination_spool_copies{destination="a"} 1');
  expect(lines).toContain('pixelgate_destination_state{destination="a",state="shut"} 0');
});

test("writeDestinationSeries writes each metric once, its series behind its head", () => {
  const text = runAtOnce(
    writeDestinationSeries([snapshotDestinations([destination("a"), destination("b")])]),
  );
  const names = text.split("\n\n").map((block) => {
    const [, name = "", type] = /^# HELP (\w+) .+\n# TYPE \1 (gauge|counter)\n/.exec(block) ?? [];
    for (const line of block.split("\n").slice(2)) expect(line).toStartWith(`${name}{`);
    return `${name.slice("pixelgate_destination_".length)} ${type}`;
  });
  expect(names).toEqual([
    "state gauge",
    "spool_copies gauge",
    "spool_bytes gauge",
    "spool_oldest_seconds gauge",
    "quarantined_copies gauge",
    "refused_total counter",
  ]);
});

test("writeDestinationSeries pauses after every few destinations, when it adds up and when it writes", () => {
  const many = Array.from({ length: 1000 }, (_, index) => destination(`d${index}`, { refused: 1 }));
  const steps = writeDestinationSeries([snapshotDestinations(many)]);
  let pauses = 0;
  while (steps.next().done !== true) pauses++;
  expect(pauses).toBeGreaterThanOrEqual(3000 / 64);
});
