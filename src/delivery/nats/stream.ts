// One stream: looked up, created when missing, and kept as configured where it is Pixelgate's. Never deletes one.
import {
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamInfo,
} from "@nats-io/jetstream";
import { type NatsConnection, PermissionViolationError } from "nats";
import type { Layout, StreamSpec } from "../../config/layout.ts";
import { reasonOf } from "../log.ts";
import { overlap } from "./pattern.ts";
import { type Difference, findChanges, isManaged, wantedConfig } from "./wanted.ts";

/** Which stream, among which, seen by whom. */
export interface StreamQuestion {
  readonly spec: StreamSpec;
  readonly layout: Layout;
}

/**
 * `ready`: it exists. `missing`: it does not, and nobody tried to create it. `unmanaged`: we may not administer streams,
 * only publish. `unknown`: JetStream gave no answer. `blocked`: it does not exist and cannot be created, so nothing may
 * be published.
 */
export type StreamState =
  | {
      readonly is: "ready";
      readonly isNew: boolean;
      readonly info: StreamInfo;
      /** What was changed just now. */
      readonly changed: readonly Difference[];
      /** What is not as configured, and stays so. */
      readonly differences: readonly Difference[];
    }
  | { readonly is: "missing" }
  | { readonly is: "unmanaged" | "unknown" | "blocked"; readonly reason: string };

const TIMEOUT_MS = 3000;
const STREAM_NOT_FOUND = 10059;
const SUBJECTS_OVERLAP = 10065;
/** JetStream is there, but not now: no leader, not ready, not enabled. */
const NOT_ENABLED_CODES = new Set([10008, 10009, 10039, 10076]);

/** Looks the stream up, and changes nothing. Never throws. */
export async function lookUpStream(
  connection: NatsConnection,
  question: StreamQuestion,
): Promise<StreamState> {
  try {
    return await look(await manage(connection), question);
  } catch (error) {
    return failed(error, "unknown");
  }
}

/**
 * Looks the stream up, creates it when it is missing, and, where it is Pixelgate's, adds the subjects it lacks; with
 * `mayApply` it gets the configured age, size and replicas too. Never throws.
 */
export async function ensureStream(
  connection: NatsConnection,
  question: StreamQuestion,
  mayApply: boolean,
): Promise<StreamState> {
  try {
    const manager = await manage(connection);
    const found = await look(manager, question);
    if (found.is === "missing") return await create(manager, connection, question);
    return found.is === "ready" ? await keep(manager, found.info, question, mayApply) : found;
  } catch (error) {
    return failed(error, "unknown");
  }
}

function manage(connection: NatsConnection): Promise<JetStreamManager> {
  return jetstreamManager(connection, { timeout: TIMEOUT_MS, checkAPI: false });
}

async function look(manager: JetStreamManager, { spec, layout }: StreamQuestion): Promise<StreamState> {
  try {
    const info = await manager.streams.info(spec.name);
    return {
      is: "ready",
      isNew: false,
      info,
      changed: [],
      differences: findChanges(info.config, spec, layout),
    };
  } catch (error) {
    return isApiError(error, STREAM_NOT_FOUND) ? { is: "missing" } : failed(error, "unknown");
  }
}

async function create(
  manager: JetStreamManager,
  connection: NatsConnection,
  { spec, layout }: StreamQuestion,
): Promise<StreamState> {
  const add = async (): Promise<StreamState> => {
    const info = await manager.streams.add(wantedConfig(spec, canCompress(connection)));
    return { is: "ready", isNew: true, info, changed: [], differences: [] };
  };
  try {
    return await add();
  } catch (error) {
    if (!isApiError(error, SUBJECTS_OVERLAP)) return failed(error, "blocked");
    try {
      if (await makeRoom(manager, spec, layout)) return await add();
    } catch (second) {
      return failed(second, "blocked");
    }
    return failed(error, "blocked");
  }
}

/** Has the layout's other streams give up what the new one must take: `pixel.>` of the default stream becomes a list. */
async function makeRoom(manager: JetStreamManager, spec: StreamSpec, layout: Layout): Promise<boolean> {
  let isDone = false;
  for (const other of layout.streams.values()) {
    if (other.name === spec.name) continue;
    const found = await look(manager, { spec: other, layout });
    if (found.is !== "ready" || !isManaged(found.info.config)) continue;
    const taken = found.info.config.subjects ?? [];
    if (!taken.some((one) => spec.subjects.some((pattern) => overlap(one, pattern)))) continue;
    const [change] = findChanges(found.info.config, other, layout);
    if (!change?.update?.subjects) continue;
    await manager.streams.update(other.name, change.update);
    isDone = true;
  }
  return isDone;
}

async function keep(
  manager: JetStreamManager,
  found: StreamInfo,
  { spec, layout }: StreamQuestion,
  mayApply: boolean,
): Promise<StreamState> {
  let info = found;
  const changed: Difference[] = [];
  const differences: Difference[] = [];
  for (const change of findChanges(found.config, spec, layout)) {
    const { update } = change;
    const isDue = update !== null && (mayApply || update.subjects !== undefined);
    if (!isDue || !isManaged(found.config)) {
      differences.push(change);
      continue;
    }
    try {
      info = await manager.streams.update(spec.name, update);
      changed.push(change);
    } catch (error) {
      const refusal = failed(error, "blocked");
      if (refusal.is === "unknown") return refusal;
      differences.push({ ...change, says: `${change.says}: ${reasonOf(error)}` });
    }
  }
  return { is: "ready", isNew: false, info, changed, differences };
}

/** Whether the server knows compression: 2.10 and newer. */
function canCompress({ info }: NatsConnection): boolean {
  const [major = 0, minor = 0] = (info?.version ?? "").split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 10);
}

function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}

function failed(error: unknown, otherwise: "unknown" | "blocked"): StreamState & { reason: string } {
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
