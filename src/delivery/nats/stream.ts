// The stream the events go to: created when missing, compared when it exists, never changed.
import {
  JetStreamApiError,
  jetstreamManager,
  type StreamConfig as NatsStreamConfig,
} from "@nats-io/jetstream";
import { type NatsConnection, nanos, PermissionViolationError } from "nats";
import type { StreamConfig } from "../../config/environment.ts";
import { reasonOf } from "../log.ts";

/**
 * `ready`: it exists. `unmanaged`: we may not administer streams, only publish. `unknown`: JetStream gave no answer.
 * `blocked`: it does not exist and cannot be created, so nothing may be published.
 */
export type StreamState =
  | {
      readonly is: "ready";
      readonly isNew: boolean;
      readonly subjects: readonly string[];
      readonly differences: readonly string[];
    }
  | { readonly is: "unmanaged" | "unknown" | "blocked"; readonly reason: string };

/** Longer than an event can be on its way without an ack; a resend within it is not stored twice. */
const DUPLICATE_WINDOW_MS = 120_000;

const TIMEOUT_MS = 3000;
const STREAM_NOT_FOUND = 10059;
/** JetStream is there, but not now: no leader, not ready, not enabled. */
const NOT_ENABLED_CODES = new Set([10008, 10009, 10039, 10076]);

/** Looks the stream up and creates it when it is missing. Never throws. */
export async function ensureStream(connection: NatsConnection, options: StreamConfig): Promise<StreamState> {
  try {
    const manager = await jetstreamManager(connection, { timeout: TIMEOUT_MS, checkAPI: false });
    try {
      const info = await manager.streams.info(options.name);
      const { subjects = [] } = info.config;
      return { is: "ready", isNew: false, subjects, differences: findDifferences(info.config, options) };
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== STREAM_NOT_FOUND)
        return failed(error, "unknown");
    }
    try {
      const { config } = await manager.streams.add(wanted(options));
      return { is: "ready", isNew: true, subjects: config.subjects ?? [], differences: [] };
    } catch (error) {
      return failed(error, "blocked");
    }
  } catch (error) {
    return failed(error, "unknown");
  }
}

function wanted(options: StreamConfig): Partial<NatsStreamConfig> & { name: string } {
  return {
    name: options.name,
    subjects: [`${options.prefix}.>`],
    retention: "limits",
    storage: "file",
    discard: "new",
    num_replicas: options.replicas,
    max_age: nanos(options.maxAgeMs),
    max_bytes: options.maxBytes,
    // The server wants the window to be no longer than the age.
    duplicate_window: nanos(
      options.maxAgeMs > 0 ? Math.min(DUPLICATE_WINDOW_MS, options.maxAgeMs) : DUPLICATE_WINDOW_MS,
    ),
  };
}

/** One sentence for each setting of the stream that is not as configured. */
function findDifferences(actual: NatsStreamConfig, options: StreamConfig): string[] {
  const expected: Record<string, unknown> = wanted(options);
  const differences: string[] = [];
  for (const [name, value] of Object.entries(expected)) {
    // A longer window is a choice of the operator's that costs us nothing.
    if (name === "duplicate_window" && actual.duplicate_window >= Number(value)) continue;
    const found = JSON.stringify((actual as unknown as Record<string, unknown>)[name]);
    if (found !== JSON.stringify(value))
      differences.push(`${name} is ${found}, not ${JSON.stringify(value)}`);
  }
  return differences;
}

function failed(error: unknown, otherwise: "unknown" | "blocked"): StreamState {
  const reason = reasonOf(error);
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof PermissionViolationError) {
      return { is: "unmanaged", reason: `${cause.operation} on ${cause.subject} is not permitted` };
    }
    const isAway = cause instanceof JetStreamApiError && NOT_ENABLED_CODES.has(cause.code);
    if (isAway || cause.name === "TimeoutError" || cause.name === "JetStreamNotEnabled") {
      return { is: "unknown", reason };
    }
  }
  return { is: otherwise, reason };
}

/** Whether a subject is one of those a stream takes, with NATS's wildcards. */
export function covers(subjects: readonly string[], subject: string): boolean {
  const tokens = subject.split(".");
  return subjects.some((pattern) => {
    const parts = pattern.split(".");
    const isOpen = parts.at(-1) === ">";
    if (isOpen ? tokens.length < parts.length : tokens.length !== parts.length) return false;
    return parts.every((part, index) => part === "*" || part === ">" || part === tokens[index]);
  });
}
