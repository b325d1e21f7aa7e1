// One stream: looked up, created when missing, and kept as configured where it is Pixelgate's. Never deletes one.
import {
  type JetStreamManager,
  type JetStreamOptions,
  jetstreamManager,
  type StreamInfo,
} from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import type { Layout, StreamSpec } from "../../config/layout.ts";
import { rejectedSubject } from "../../config/subject.ts";
import { failureOf, isApiError, STREAM_NOT_FOUND, SUBJECTS_OVERLAP } from "./apierror.ts";
import type { StreamSight } from "./inspect.ts";
import { patternsOf } from "./interest.ts";
import { PatternSet } from "./pattern.ts";
import { applyChanges } from "./upkeep.ts";
import { type Difference, findChanges, isManaged, wantedConfig } from "./wanted.ts";

/** A stream that is there. */
export interface ReadyStream extends StreamSight {
  readonly is: "ready";
  readonly isNew: boolean;
  /** Its JetStream domain; null where it has none, and where it was made just now. */
  readonly domain: string | null;
  /** What was changed just now. */
  readonly changed: readonly Difference[];
  /** What is not as configured, and stays so. */
  readonly differences: readonly Difference[];
}

/**
 * `ready`: it exists. `missing`: it does not, and nobody tried to create it. `unmanaged`: we may not administer streams,
 * only publish. `unknown`: JetStream gave no answer. `blocked`: it does not exist and cannot be created, so nothing may
 * be published.
 */
export type StreamState =
  | ReadyStream
  | { readonly is: "missing" }
  | { readonly is: "unmanaged" | "unknown" | "blocked"; readonly reason: string };

/** Which stream, among which, and in which JetStream. */
export interface StreamQuestion {
  readonly spec: StreamSpec;
  readonly layout: Layout;
  readonly jetStream: JetStreamOptions;
  /** Subjects that it is sent beside those of the layout; none by default. */
  readonly strays?: readonly string[];
}

const TIMEOUT_MS = 3000;

/** Looks the stream up, and changes nothing. Never throws. */
export async function lookUpStream(
  connection: NatsConnection,
  question: StreamQuestion,
): Promise<StreamState> {
  try {
    return await look(await manage(connection, question), question);
  } catch (error) {
    return failed(error, "unknown");
  }
}

/**
 * Looks the stream up, and creates it when it is missing. One that is Pixelgate's gets the subjects that it lacks for
 * its destinations, and, with `mayApply`, every setting that is not as configured. Never throws.
 */
export async function ensureStream(
  connection: NatsConnection,
  question: StreamQuestion,
  mayApply: boolean,
): Promise<StreamState> {
  try {
    const manager = await manage(connection, question);
    const found = await look(manager, question);
    if (found.is === "missing") return await create(manager, connection, question);
    if (found.is !== "ready" || !isManaged(found.info.config)) return found;
    return await keep(manager, found, question, mayApply);
  } catch (error) {
    return failed(error, "unknown");
  }
}

function manage(connection: NatsConnection, { jetStream }: StreamQuestion): Promise<JetStreamManager> {
  return jetstreamManager(connection, { ...jetStream, timeout: TIMEOUT_MS, checkAPI: false });
}

async function look(
  manager: JetStreamManager,
  { spec, layout }: Pick<StreamQuestion, "spec" | "layout">,
): Promise<StreamState> {
  try {
    const info = await manager.streams.info(spec.name);
    const differences = findChanges(info.config, spec, layout);
    const hasInterest = info.config.retention === "interest" && info.state.consumer_count > 0;
    const interest = hasInterest ? await findInterest(manager, spec.name) : null;
    const domain = domainOf(info);
    return { is: "ready", isNew: false, domain, info, interest, changed: [], differences };
  } catch (error) {
    return isApiError(error, STREAM_NOT_FOUND) ? { is: "missing" } : failed(error, "unknown");
  }
}

/** What nats-server tells in the answer to a look-up alone, and the client's type does not have. */
function domainOf(info: StreamInfo & { readonly domain?: unknown }): string | null {
  return typeof info.domain === "string" && info.domain !== "" ? info.domain : null;
}

/** What a stream's consumers filter by; null where they may not be listed. */
async function findInterest(manager: JetStreamManager, name: string): Promise<readonly string[] | null> {
  const patterns = new Set<string>();
  try {
    for await (const { config } of manager.consumers.list(name)) {
      const filters = config.filter_subjects ?? (config.filter_subject ? [config.filter_subject] : [">"]);
      for (const filter of filters) patterns.add(filter);
    }
  } catch {
    return null;
  }
  return [...patterns];
}

async function create(
  manager: JetStreamManager,
  connection: NatsConnection,
  { spec, layout }: StreamQuestion,
): Promise<StreamState> {
  const add = async (): Promise<StreamState> => {
    const info = await manager.streams.add(wantedConfig(spec, canCompress(connection)));
    return { is: "ready", isNew: true, domain: null, info, interest: null, changed: [], differences: [] };
  };
  try {
    return await add();
  } catch (error) {
    if (!isApiError(error, SUBJECTS_OVERLAP)) return failed(error, "blocked");
    try {
      await makeRoom(manager, spec, layout);
      // Also where nothing was left to do: the other stream's own watch may have been there first.
      return await add();
    } catch (second) {
      return failed(second, "blocked");
    }
  }
}

/** Has the layout's other streams give up what a new one must take: `pixel.>` of the default stream becomes a list. */
async function makeRoom(manager: JetStreamManager, spec: StreamSpec, layout: Layout): Promise<void> {
  const room = new PatternSet(spec.subjects);
  for (const other of layout.streams.values()) {
    const found = other.name === spec.name ? null : await look(manager, { spec: other, layout });
    if (found?.is !== "ready" || !isManaged(found.info.config)) continue;
    if (!(found.info.config.subjects ?? []).some((pattern) => room.overlaps(pattern))) continue;
    const changes = findChanges(found.info.config, other, layout);
    const change = changes.find(({ update }) => update?.subjects !== undefined);
    if (change?.update == null) continue;
    await manager.streams.update(other.name, change.update);
  }
}

/** Without `mayApply` no setting is touched: two gateways that are configured differently would fight for ever. */
async function keep(
  manager: JetStreamManager,
  found: ReadyStream,
  { spec, layout, strays = [] }: StreamQuestion,
  mayApply: boolean,
): Promise<StreamState> {
  const changes = findChanges(found.info.config, spec, layout);
  if (changes.length === 0) return found;
  const { subjects = [] } = found.info.config;
  const isDefault = spec.name === layout.defaultStream;
  const rejected = isDefault ? [rejectedSubject(layout.prefix, ">")] : [];
  const needed = [...patternsOf(spec, layout), ...rejected, ...strays];
  const taken = new PatternSet(subjects);
  const lacks = needed.some((pattern) => !taken.covers(pattern));
  const due = changes.filter(({ update }) => mayApply || (lacks && update?.subjects !== undefined));
  const kept = await applyChanges(manager, found.info, due, needed);
  const rest = changes.filter((change) => !due.includes(change));
  return { ...found, ...kept, differences: [...kept.differences, ...rest] };
}

/** Whether the server knows compression: 2.10 and newer. */
function canCompress({ info }: NatsConnection): boolean {
  const [major = 0, minor = 0] = (info?.version ?? "").split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 10);
}

function failed(
  error: unknown,
  otherwise: "unknown" | "blocked",
): { is: "unmanaged" | "unknown" | "blocked"; reason: string } {
  const { is, reason } = failureOf(error);
  return { is: is === "refused" ? otherwise : is, reason };
}
