// The generator of our own, which is everywhere: starts its process and hands it the load over stdin, for a thousand
// targets are more than one argument may hold.
import { join } from "node:path";
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
  async send(load: Load): Promise<OwnResult> {
    const child = Bun.spawn([process.execPath, PROGRAM], {
      stdin: new TextEncoder().encode(JSON.stringify(load)),
      stdout: "pipe",
      stderr: "inherit",
    });
    const output = await child.stdout.text();
    const code = await child.exited;
    if (code !== 0) throw new Error(`Cannot send load: the generator ended with exit code ${code}`);
    return JSON.parse(output) as OwnResult;
  },
} satisfies Generator;
