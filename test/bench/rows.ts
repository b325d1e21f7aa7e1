// The rows of `bun run bench`: which server takes which load, what its cost is divided by, and what that must and should
// be. Knows no way to measure.
import type { Load } from "./load.ts";
import { mixLoad } from "./mix.ts";
import { pageTarget } from "./urls.ts";

/** Keep-alive connections of one process: they keep it busy without a pause. */
export const CONNECTIONS = 64;

/** What is sent. Every server that takes one of them gets the same bytes. */
export const LOADS = {
  mix: mixLoad("browser"),
  "mix-few": mixLoad("few"),
  one: { targets: [pageTarget] },
} satisfies Record<string, Pick<Load, "targets" | "headers">>;

/** A small server of server.ts, or the gateway: in front of NATS unless it keeps its events in the spool. */
export type ServerPlan =
  | { readonly small: "bare" | "elysia" | "parse"; readonly workers?: number }
  | { readonly workers?: number; readonly destinations?: number; readonly isSpooling?: boolean };

export interface RowPlan {
  readonly name: string;
  readonly load: keyof typeof LOADS;
  readonly server: ServerPlan;
  /** The row whose cost an event this one's is divided by; none for a base itself. */
  readonly base?: string;
  /** What the ratio must be at most, and what it should be. */
  readonly must?: number;
  readonly aim?: number;
  /** The row that shows what of this ratio is the machine's. */
  readonly control?: string;
}

/** All rows, bases first. */
export const ROWS: readonly RowPlan[] = [
  { name: "bare-mix", load: "mix", server: { small: "bare" } },
  { name: "bare-mix-few", load: "mix-few", server: { small: "bare" } },
  { name: "bare-one", load: "one", server: { small: "bare" } },
  { name: "elysia", load: "mix", server: { small: "elysia" }, base: "bare-mix" },
  { name: "parse", load: "mix", server: { small: "parse" }, base: "bare-mix" },
  { name: "mix", load: "mix", server: {}, base: "bare-mix", must: 2.5, aim: 2.1 },
  { name: "mix-few", load: "mix-few", server: {}, base: "bare-mix-few", must: 3.0, aim: 2.5 },
  { name: "one", load: "one", server: {}, base: "bare-one", must: 2.2, aim: 2.0 },
  { name: "one-10", load: "one", server: { destinations: 10 }, base: "bare-one", must: 0.5 },
  { name: "spool", load: "mix", server: { isSpooling: true }, base: "bare-mix", must: 3.5 },
  ...[2, 4].flatMap(rowsOfWorkers),
];

/** So many workers, after as many bare processes on one port: those pay for the machine's few cores and caches as well. */
function rowsOfWorkers(workers: number): RowPlan[] {
  const control = `bare-workers-${workers}`;
  return [
    { name: control, load: "mix", server: { small: "bare", workers }, base: "bare-mix" },
    {
      name: `workers-${workers}`,
      load: "mix",
      server: { workers },
      base: "mix",
      must: 1.08,
      aim: 1.0,
      control,
    },
  ];
}

/** What nats-server should cost an event of the mix at most, in microseconds of CPU. */
export const NATS_AIM_US = 8;

/** How many messages an event becomes; the cost of a row is told for one. */
export function messagesOf({ server }: RowPlan): number {
  return "small" in server ? 1 : (server.destinations ?? 1);
}

/** How many processes share the connections: each gets as many as one alone. */
export function processesOf({ server }: RowPlan): number {
  return server.workers ?? 1;
}

/** Whether its events go to JetStream. */
export function isInNats({ server }: RowPlan): boolean {
  return !("small" in server) && server.isSpooling !== true;
}

/** The rows of these names, their controls, and those they are divided by, in the order of the table; or the first name that is none. */
export function chooseRows(names: readonly string[]): readonly RowPlan[] | string {
  const wanted = new Set(names);
  // A set goes on with what is added on the way: the base of a base.
  for (const name of wanted) {
    const row = ROWS.find((one) => one.name === name);
    if (row === undefined) return name;
    for (const other of [row.base, row.control]) if (other !== undefined) wanted.add(other);
  }
  return ROWS.filter(({ name }) => wanted.has(name));
}

/** A ratio held to what it must and should be, in a word. Two digits count, as they are printed. */
export function judge(ratio: number, { must, aim = must }: Pick<RowPlan, "must" | "aim">): string {
  if (must === undefined || aim === undefined) return "";
  const shown = Number(ratio.toFixed(2));
  return shown <= aim ? "reached" : shown <= must ? "must reached" : "missed";
}
