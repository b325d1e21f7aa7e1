// What a stream shall be, and in words how one differs from it. Pure: it asks no server and changes nothing.
import type { StreamConfig as NatsStreamConfig, StreamUpdateConfig } from "@nats-io/jetstream";
import { millis, nanos } from "nats";
import type { Layout, StreamSpec } from "../../config/layout.ts";
import { countOf, writeDuration, writeSize } from "../../config/units.ts";
import { subjectsOfOthers } from "./interest.ts";
import { PatternSet, showSome } from "./pattern.ts";

/**
 * How the description of a stream begins that Pixelgate has made and keeps as it is configured. An operator who changes
 * it takes the stream over; one who writes it hands the stream to Pixelgate.
 */
export const MANAGED = "Managed by Pixelgate";

/** Whether the settings of a stream are Pixelgate's to change. */
export function isManaged({ description }: Pick<NatsStreamConfig, "description">): boolean {
  return description?.startsWith(MANAGED) ?? false;
}

/** A setting that is not as configured: one sentence, and the command that would make it so. */
export interface Difference {
  readonly says: string;
  /** Null where NATS does not let it be changed. */
  readonly cure: string | null;
}

/** A difference as one text. */
export function showDifference({ says, cure }: Difference): string {
  return cure === null ? says : `${says}: ${cure}`;
}

/** A setting that is not as configured, and the update that makes it so where NATS allows one. */
export interface Change extends Difference {
  readonly update: Partial<StreamUpdateConfig> | null;
}

/** Longer than an event can be on its way without an ack; a resend within it is not stored twice. */
const DUPLICATE_WINDOW_MS = 120_000;

/** How long a stream must remember message ids: NATS wants the window to be no longer than the age. */
export function duplicateWindowMs(maxAgeMs: number): number {
  return maxAgeMs > 0 ? Math.min(DUPLICATE_WINDOW_MS, maxAgeMs) : DUPLICATE_WINDOW_MS;
}

/** The settings of a stream that is to be created. `canCompress`: the server is 2.10 or newer. */
export function wantedConfig(
  spec: StreamSpec,
  canCompress: boolean,
): Partial<NatsStreamConfig> & { name: string } {
  return {
    name: spec.name,
    description: MANAGED,
    subjects: [...spec.subjects],
    retention: "limits",
    storage: "file",
    discard: "new",
    num_replicas: spec.replicas,
    max_age: nanos(spec.maxAgeMs),
    max_bytes: spec.maxBytes,
    duplicate_window: nanos(duplicateWindowMs(spec.maxAgeMs)),
    // Measured: 453 instead of 1,020 bytes an event on disk, for 1.16 times the CPU.
    ...(canCompress ? { compression: "s2" } : {}),
  };
}

/**
 * The subjects a stream should have: what it must take, and what it takes beside, for another gateway may need it; but
 * nothing that another stream of the layout must take.
 */
function wantedSubjects(actual: readonly string[], spec: StreamSpec, layout: Layout): string[] {
  const given = new PatternSet(subjectsOfOthers(spec, layout));
  const own = new Set(spec.subjects);
  const covering = new PatternSet(spec.subjects);
  const kept = actual.filter(
    // A stream may not have a subject twice, be it as a part of another.
    (pattern) => own.has(pattern) || !(given.overlaps(pattern) || covering.covers(pattern)),
  );
  const taken = new PatternSet(kept);
  return [...kept, ...spec.subjects.filter((pattern) => !taken.covers(pattern))];
}

/** What of a stream is not as configured, the subjects first. Findings of `inspectStream` are not told again. */
export function findChanges(actual: NatsStreamConfig, spec: StreamSpec, layout: Layout): Change[] {
  const changes: Change[] = [];
  const edit = (flag: string) => `nats stream edit ${spec.name} ${flag}`;
  const add = (says: string, flag: string, update: Partial<StreamUpdateConfig>) =>
    changes.push({ says, cure: edit(flag), update });
  const { subjects = [], mirror } = actual;
  const wanted = isSame(subjects, spec.subjects) ? subjects : wantedSubjects(subjects, spec, layout);
  if (!isSame(subjects, wanted) && mirror === undefined) {
    const taken = new Set(subjects);
    const covering = new PatternSet(wanted);
    const missing = wanted.filter((pattern) => !taken.has(pattern));
    const given = subjects.filter((pattern) => !covering.covers(pattern));
    const says = [
      ...(missing.length > 0 ? [`it does not take ${showSome(missing)}`] : []),
      ...(given.length > 0 ? [`it takes ${showSome(given)}, of which another stream needs a part`] : []),
    ];
    add(says.join(", and "), `--subjects='${wanted.join(",")}'`, { subjects: wanted });
  }
  const ageMs = millis(actual.max_age);
  if (ageMs !== spec.maxAgeMs) {
    const update = { max_age: nanos(spec.maxAgeMs) };
    const isTooLong = spec.maxAgeMs > 0 && millis(actual.duplicate_window) > spec.maxAgeMs;
    const window = duplicateWindowMs(spec.maxAgeMs);
    add(
      `it keeps messages ${showAge(ageMs)}, not ${showAge(spec.maxAgeMs)}`,
      `--max-age=${spec.maxAgeMs === 0 ? "0s" : writeDuration(spec.maxAgeMs)}${isTooLong ? ` --dupe-window=${writeDuration(window)}` : ""}`,
      isTooLong ? { ...update, duplicate_window: nanos(window) } : update,
    );
  }
  if (Math.max(-1, actual.max_bytes) !== spec.maxBytes) {
    add(
      `it holds ${showBound(actual.max_bytes)}, not ${showBound(spec.maxBytes)}`,
      `--max-bytes=${spec.maxBytes < 0 ? "-1" : writeSize(spec.maxBytes)}`,
      { max_bytes: spec.maxBytes },
    );
  }
  if (actual.num_replicas !== spec.replicas) {
    add(
      `it has ${countOf(actual.num_replicas, "replica", "replicas")}, not ${spec.replicas}`,
      `--replicas=${spec.replicas}`,
      {
        num_replicas: spec.replicas,
      },
    );
  }
  if (actual.retention !== "limits") {
    // From 2.10 on an editor can change it, but not from or to a work queue; no flag of the command does.
    const cure = actual.retention === "interest" ? edit("--interactive") : null;
    changes.push({ says: `its retention is ${actual.retention}, not limits`, cure, update: null });
  }
  return changes;
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  const texts = new Set(other);
  return one.length === other.length && one.every((text) => texts.has(text));
}

function showAge(ms: number): string {
  return ms === 0 ? "for ever" : `for ${writeDuration(ms)}`;
}

function showBound(bytes: number): string {
  return bytes < 0 ? "any size" : showSize(bytes);
}

/** A size for people, never without its unit. */
export function showSize(bytes: number): string {
  const text = writeSize(bytes);
  return /\d$/.test(text) ? `${text} bytes` : text;
}
