// The generator of our own, which is everywhere.
import { join } from "node:path";
import { runGenerator } from "./generatorprocess.ts";
import type { Generator, Load, LoadResult } from "./load.ts";

const PROGRAM = join(import.meta.dir, "ownprocess.ts");

/** What it tells on top. */
export interface OwnResult extends LoadResult {
  /** Answers with 503. */
  readonly busy: number;
  /** Of the answers with 200. */
  readonly okP99Ms: number;
}

export const own = {
  name: "own",
  obstacle: () => null,
  send: (load: Load) => runGenerator<OwnResult>(PROGRAM, load),
} satisfies Generator;
