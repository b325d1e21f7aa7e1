// Reads messages as they come from the spools, for whoever watches from another process.
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { decodePayload } from "../pixel/payload.ts";
import type { Followed, FollowOptions } from "./followed.ts";
import { reasonOf } from "./log.ts";
import { SpoolError } from "./spool/fault.ts";
import { workerOf } from "./spool/name.ts";
import { lastSpooledSeq, readSpool } from "./spool/reader.ts";

const POLL_MS = 100;
const BATCH = 500;

/** Follows every spool in a data directory, those of workers too. Throws a `SpoolError` for a file it cannot read. */
export async function* followSpools(
  dataDir: string,
  { destinationId, isFromStart }: FollowOptions,
): AsyncGenerator<Followed> {
  const passed = isFromStart ? [] : listSpools(dataDir);
  const seqs = new Map(passed.map((name) => [name, lastSpooledSeq(dataDir, name)]));
  while (true) {
    let found = 0;
    for (const name of listSpools(dataDir)) {
      const known = seqs.get(name) ?? 0;
      // A file that has given out fewer is a new one.
      const afterSeq = lastSpooledSeq(dataDir, name) < known ? 0 : known;
      const events = readSpool(dataDir, { afterSeq, limit: BATCH, name });
      found += events.length;
      for (const { seq, routes, payload } of events) {
        seqs.set(name, seq);
        for (const route of routes) {
          if (destinationId !== null && route.destinationId !== destinationId) continue;
          yield { ...route, payload: decodePayload(payload) };
        }
      }
    }
    if (found === 0) await sleep(POLL_MS);
  }
}

function listSpools(dataDir: string): string[] {
  try {
    return readdirSync(dataDir).filter((name) => workerOf(name) !== null);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new SpoolError(`Cannot read the data directory "${dataDir}": ${reasonOf(error)}`, { cause: error });
  }
}
