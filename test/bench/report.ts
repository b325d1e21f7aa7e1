// The table of `bun run bench`: medians over rounds, ratios to the row that a row is held to, and the verdicts.
import type { LoadResult } from "./load.ts";
import { isInNats, judge, NATS_AIM_US, type RowPlan } from "./rows.ts";

/** What one round of a row gave. */
export interface Sample extends LoadResult {
  /** CPU of the server and of nats-server for an event, or for one of its messages where it has many. */
  readonly cpuUs: number;
  readonly natsUs: number;
  /** Messages that had an answer and were in no stream when the round was over. */
  readonly notStored: number;
  readonly rssBytes: number;
}

/** A row with a sample of each round, in the order of the rounds. */
export interface Measured {
  readonly plan: RowPlan;
  readonly samples: readonly Sample[];
}

/** The middle one, or the upper of the two in the middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** The lines of the table, for console.table: text where digits count. */
export function tabulate(rows: readonly Measured[]): Record<string, string | number>[] {
  return rows.map((row) => {
    const { plan, samples } = row;
    const { name, base, must, aim = must } = plan;
    const of = (key: keyof Sample) => median(samples.map((sample) => sample[key]));
    const { ratio, least, most } = compare(row, rows.find((other) => other.plan.name === base) ?? row);
    const sum = (key: "notOk" | "notStored") => samples.reduce((total, sample) => total + sample[key], 0);
    return {
      row: name,
      "CPU µs": of("cpuUs").toFixed(1),
      "÷ by": base ?? "",
      ratio: ratio.toFixed(2),
      "of rounds": base === undefined ? "" : `${least.toFixed(2)} – ${most.toFixed(2)}`,
      must: must?.toFixed(2) ?? "",
      aim: aim?.toFixed(2) ?? "",
      verdict: judge(ratio, plan),
      "nats-server µs": isInNats(plan) ? of("natsUs").toFixed(1) : "",
      "events/s": Math.round(of("perSecond")),
      "p50 ms": of("p50Ms").toFixed(1),
      "p99 ms": of("p99Ms").toFixed(1),
      "RSS MB": Math.round(of("rssBytes") / 1e6),
      "not 200": sum("notOk"),
      "not in NATS": isInNats(plan) ? sum("notStored") : "",
    };
  });
}

/** The ratio of the medians, and the least and most that one round gave. */
function compare(row: Measured, base: Measured): { ratio: number; least: number; most: number } {
  const cpu = ({ samples }: Measured) => samples.map(({ cpuUs }) => cpuUs);
  const bases = cpu(base);
  const ratios = cpu(row).map((us, round) => us / (bases[round] ?? Number.NaN));
  return { ratio: median(cpu(row)) / median(bases), least: Math.min(...ratios), most: Math.max(...ratios) };
}

/** What the table does not say of itself. */
export const LEGEND = `CPU µs of an event, where it has many messages of one of these; so too of nats-server, which should cost ${NATS_AIM_US} at most; "must reached" is not yet the aim`;
