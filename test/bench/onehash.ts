// Keys that look alike to whoever tells shapes apart by a hash of their letters: of a long key it reads every fifth.
import { hashKeys } from "../../src/pixel/plan/keys.ts";

const SAME = "k".repeat(60);

/** A key for each number from 0 to 9,999, and all have one hash. Throws where that is no longer so. */
export function twinKey(number: number): string {
  const key = `${SAME}${String(number).padStart(4, "0")}`;
  if (hashOf(key) !== hashOf(`${SAME}0000`))
    throw new Error(`Cannot make twins: ${key} has a hash of its own`);
  return key;
}

function hashOf(key: string): number {
  return hashKeys(`${key}=`, 0, 0, 0, 0);
}
