// What an error of JetStream's API means. The codes are nats-server's.
import { JetStreamApiError } from "@nats-io/jetstream";
import { PermissionViolationError } from "nats";
import { reasonOf } from "../log.ts";

export const STREAM_NOT_FOUND = 10059;
/** Two streams of an account may not take the same subject. */
export const SUBJECTS_OVERLAP = 10065;
/** JetStream is there, but not now: no leader, not ready, not enabled. */
const NOT_ENABLED_CODES = new Set([10008, 10009, 10039, 10076]);

/** Whether JetStream has answered with this code. */
export function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}

/** `unmanaged`: we may not ask for it. `unknown`: there was no answer, or none that counts. `refused`: the answer is no. */
export interface ApiFailure {
  readonly is: "unmanaged" | "unknown" | "refused";
  readonly reason: string;
}

/** What has become of a request that failed. */
export function failureOf(error: unknown): ApiFailure {
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
  return { is: "refused", reason };
}
