// Makes a stream of Pixelgate's as it is configured, setting by setting, so that one that NATS refuses holds up no other.
import type { JetStreamManager, StreamInfo } from "@nats-io/jetstream";
import { failureOf, isApiError, SUBJECTS_OVERLAP } from "./apierror.ts";
import { PatternSet } from "./pattern.ts";
import type { Change, Difference } from "./wanted.ts";

/** A stream after its upkeep. */
export interface Kept {
  readonly info: StreamInfo;
  readonly changed: readonly Difference[];
  /** With what the server has said to it. */
  readonly differences: readonly Difference[];
}

/**
 * Applies each change that NATS allows. Where another stream takes a part of the subjects, those of `needed` are added
 * one by one: what is free of them is taken. Throws when JetStream does not answer.
 */
export async function applyChanges(
  manager: JetStreamManager,
  before: StreamInfo,
  changes: readonly Change[],
  needed: readonly string[],
): Promise<Kept> {
  const { name } = before.config;
  const changed: Difference[] = [];
  const differences: Difference[] = [];
  let info = before;

  /** Whether it was refused because another stream takes a part of the subjects. */
  async function apply({ says, cure, update }: Change): Promise<boolean> {
    if (update === null) {
      differences.push({ says, cure });
      return false;
    }
    try {
      info = await manager.streams.update(name, update);
      changed.push({ says, cure });
      return false;
    } catch (error) {
      const { is, reason } = failureOf(error);
      if (is === "unknown") throw error;
      differences.push({ says: `${says}: ${reason}`, cure });
      return isApiError(error, SUBJECTS_OVERLAP);
    }
  }

  for (const change of changes) {
    if (!(await apply(change))) continue;
    const taken = new PatternSet(info.config.subjects ?? []);
    const missing = change.update?.subjects?.filter((pattern) => !taken.covers(pattern)) ?? [];
    for (const pattern of needed) {
      // A single one is what was refused just now.
      const isTried = missing.length === 1 && missing[0] === pattern;
      if (isTried || taken.covers(pattern)) continue;
      const { subjects = [] } = info.config;
      await apply({
        says: `it does not take ${pattern}`,
        cure: null,
        update: { subjects: [...subjects, pattern] },
      });
    }
  }
  return { info, changed, differences };
}
