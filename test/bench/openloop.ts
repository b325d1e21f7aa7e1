// Load in an open loop: a request leaves when its time has come, whatever has come back, and its latency counts from that
// time. So a server that stalls is charged for every request that would have come meanwhile, and none is left out.
import { join } from "node:path";
import { runGenerator } from "./generatorprocess.ts";
import type { Load } from "./load.ts";

const PROGRAM = join(import.meta.dir, "openloopprocess.ts");

export interface OpenLoad extends Load {
  /** Requests a second, at even distances. */
  readonly perSecond: number;
}

/** All latencies count from the time at which a request had to leave. */
export interface OpenResult {
  readonly requests: number;
  readonly notOk: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** How much later than it had to a request left, at the 99th percentile: the generator's part in the latencies. */
  readonly lateP99Ms: number;
  /** The generator's CPU time. */
  readonly cpuUs: number;
}

/** Sends a load from a process of its own; resolves when every request is answered, or its connection has failed. */
export function sendOpen(load: OpenLoad): Promise<OpenResult> {
  return runGenerator(PROGRAM, load);
}

/** The value that this share of the sorted values does not exceed; 0 where there are none. */
export function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
