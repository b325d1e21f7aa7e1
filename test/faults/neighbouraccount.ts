// What the trouble of some destinations has cost the others: copies, answers a second, and how long these took.
import { OK, type Sent } from "./load.ts";

/** What clients had of some phases. */
export interface Pace {
  /** Answered events. */
  readonly perSecond: number;
  /** Of events whose source has no broken destination; of several phases' the median, so that one bad moment is none. */
  readonly p99Ms: number;
}

export interface NeighbourAccount {
  /** With a copy for a healthy destination. */
  readonly answered: number;
  readonly notAnswered: number;
  /** Copies for healthy destinations. */
  readonly lost: number;
  readonly twice: number;
  readonly spooled: number;
  /** Copies for broken ones, and the most of them that were kept at one time: without any there was no trouble. */
  readonly brokenCopies: number;
  readonly brokenKept: number;
  readonly brokenLost: number;
  readonly brokenTwice: number;
  /** Without the trouble, and with it, in turns. */
  readonly without: Pace;
  readonly with: Pace;
}

/** A while under load. */
export interface Phase {
  readonly isTroubled: boolean;
  readonly fromMs: number;
  readonly toMs: number;
}

/** How often a message of an event is there, by destination and the event's message id. */
export type Counts = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** What a load has sent; its sources took turns. */
export interface Run {
  readonly sources: readonly { readonly destinations: readonly string[] }[];
  /** Begins the ids of its events. */
  readonly run: string;
  readonly sent: readonly Sent[];
}

interface Answered {
  readonly sentAtMs: number;
  readonly latencyMs: number;
  /** Whether its source has no broken destination. */
  readonly isCalm: boolean;
}

/** Compares what was answered with what is there. */
export function compare(
  runs: readonly Run[],
  phases: readonly Phase[],
  counts: Counts,
  broken: ReadonlySet<string>,
  kept: Pick<NeighbourAccount, "spooled" | "brokenKept">,
): NeighbourAccount {
  const copies = { notAnswered: 0, lost: 0, brokenCopies: 0, brokenLost: 0, twice: 0, brokenTwice: 0 };
  const answered: Answered[] = [];
  for (const { sources, run, sent } of runs) {
    for (const [event, { result, sentAtMs, latencyMs }] of sent.entries()) {
      const { destinations = [] } = sources[event % sources.length] ?? {};
      if (result !== OK) {
        copies.notAnswered++;
        continue;
      }
      answered.push({ sentAtMs, latencyMs, isCalm: !destinations.some((id) => broken.has(id)) });
      for (const id of destinations) {
        const isThere = counts.get(id)?.has(`${run}-${event}`) === true;
        if (broken.has(id)) copies.brokenCopies++;
        if (!isThere) copies[broken.has(id) ? "brokenLost" : "lost"]++;
      }
    }
  }
  for (const [id, found] of counts) {
    for (const count of found.values()) if (count > 1) copies[broken.has(id) ? "brokenTwice" : "twice"]++;
  }
  const pace = (isTroubled: boolean) =>
    paceIn(
      phases.filter((phase) => phase.isTroubled === isTroubled),
      answered,
    );
  return { answered: answered.length, ...copies, ...kept, without: pace(false), with: pace(true) };
}

function paceIn(phases: readonly Phase[], answered: readonly Answered[]): Pace {
  const found = phases.map(({ fromMs, toMs }) =>
    answered.filter(({ sentAtMs: at }) => at >= fromMs && at < toMs),
  );
  const totalMs = phases.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
  const answers = found.reduce((sum, { length }) => sum + length, 0);
  const p99s = found.map((phase) => {
    const latencies = phase.filter(({ isCalm }) => isCalm).map(({ latencyMs }) => latencyMs);
    return quantile(latencies, 0.99);
  });
  return { perSecond: (answers / totalMs) * 1000, p99Ms: quantile(p99s, 0.5) };
}

function quantile(numbers: readonly number[], share: number): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * share)] ?? 0;
}
