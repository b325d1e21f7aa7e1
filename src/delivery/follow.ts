// Reads messages as they come, for whoever watches from another process: from the stream, or from the spools.
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { DeliverPolicy, jetstream } from "@nats-io/jetstream";
import type { StreamConfig } from "../config/environment.ts";
import { reasonOf } from "./log.ts";
import { dial, jetStreamOptions, type NatsOptions } from "./nats/servers.ts";
import { SpoolError } from "./spool/fault.ts";
import { workerOf } from "./spool/name.ts";
import { lastSpooledSeq, readSpool } from "./spool/reader.ts";

/** One message of one destination. */
export interface Followed {
  readonly subject: string;
  readonly destinationId: string;
  /** The event as JSON. */
  readonly payload: string;
}

/** Which messages to follow, and from where. */
export interface FollowOptions {
  /** Null follows every destination. */
  readonly destinationId: string | null;
  /** Begins with what is kept already, not with the next message. */
  readonly isFromStart: boolean;
}

const POLL_MS = 100;
const BATCH = 500;

/** Follows the stream. Throws when NATS or the stream is not there. */
export async function* followStream(
  nats: NatsOptions,
  stream: Pick<StreamConfig, "name" | "prefix">,
  { destinationId, isFromStart }: FollowOptions,
): AsyncGenerator<Followed> {
  const connection = await dial(nats);
  try {
    const prefix = `${stream.prefix}.`;
    const consumer = await jetstream(connection, jetStreamOptions(nats)).consumers.get(stream.name, {
      filter_subjects: `${prefix}${destinationId ?? "*"}.*`,
      deliver_policy: isFromStart ? DeliverPolicy.All : DeliverPolicy.New,
    });
    for await (const message of await consumer.consume()) {
      const token = message.subject.slice(prefix.length).split(".")[0] ?? "";
      // Refused requests lie beside the events, under a token that no destination can have.
      if (token.startsWith("_")) continue;
      yield { subject: message.subject, destinationId: token, payload: message.string() };
    }
  } finally {
    await connection.close();
  }
}

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
          if (destinationId === null || route.destinationId === destinationId) yield { ...route, payload };
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
