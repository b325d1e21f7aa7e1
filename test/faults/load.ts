// Load on a gateway from another process, so that the generator's work is not counted as the gateway's.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a generator does. */
export interface Plan {
  readonly port: number;
  readonly connections: number;
  /** Null sends as fast as answers come. */
  readonly perSecond: number | null;
  /** The event with the number 7 has the `messageId` `<run>-7`. */
  readonly run: string;
  /** Of the sources that take turns, event by event. */
  readonly writeKeys: readonly string[];
  /** Each event repeats its own id, so that whatever is left of it can be told. */
  readonly isMarked: boolean;
  /** Every event of so many is some kilobytes larger than the others; 0: none. */
  readonly largeEvery: number;
  /** Where the results go. */
  readonly file: string;
}

/** What a marked event says in `properties.mark`: mostly some hundred bytes, now and then more than a page of the spool. */
export function markOf(run: string, event: number): string {
  return `${run}-${event}.`.repeat(1 + ((event * 37) % (event % 10 === 0 ? 900 : 100)));
}

/** By how much a large event is larger. */
export const LARGE_BYTES = 4000;

export const NOT_SENT = 0;
export const OK = 1;
/** 503 */
export const REFUSED = 2;
/** Any other answer. */
export const OTHER = 3;
/** The connection ended before an answer. */
export const UNANSWERED = 4;
/** A record of the results: one byte result, four bytes latency in ms, eight bytes time of sending in epoch ms. */
export const RECORD_BYTES = 13;

export interface Sent {
  readonly result: number;
  readonly latencyMs: number;
  readonly sentAtMs: number;
}

export interface Load {
  readonly answered: number;
  readonly refused: number;
  readonly waiting: number;
  /** Sends no more, waits for what is on its way, and returns every event by its number. */
  stop(): Promise<Sent[]>;
  /** Ends it, whatever is on its way. */
  end(): void;
}

/** Starts a generator; it goes on until stopped. */
export function startLoad(plan: Plan): Load {
  const child = spawn(process.execPath, [join(import.meta.dirname, "generator.ts"), JSON.stringify(plan)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const counts = { answered: 0, refused: 0, waiting: 0 };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const [answered, refused, waiting] = (text.trim().split("\n").at(-1) ?? "").split(" ").map(Number);
    Object.assign(counts, { answered, refused, waiting });
  });
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  return {
    get answered() {
      return counts.answered;
    },
    get refused() {
      return counts.refused;
    },
    get waiting() {
      return counts.waiting;
    },
    end,
    stop: async () => {
      child.stdin.write("stop\n");
      const code = await exited;
      process.off("exit", end);
      if (code !== 0) throw new Error(`the load generator ended with exit code ${code}`);
      return readRecords(readFileSync(plan.file));
    },
  };
}

function readRecords(bytes: Buffer): Sent[] {
  const records: Sent[] = [];
  for (let at = 0; at < bytes.length; at += RECORD_BYTES) {
    records.push({
      result: bytes[at] ?? NOT_SENT,
      latencyMs: bytes.readFloatLE(at + 1),
      sentAtMs: bytes.readDoubleLE(at + 5),
    });
  }
  return records;
}
