// What is known of the queries of one sequence of keys.
import type { Layout } from "./layout.ts";
import type { Plan } from "./plan.ts";
import type { Kept } from "./shelf.ts";
import type { Place } from "./trie.ts";

/** A sequence of keys, and the plans there are for it. */
export interface Shape {
  /** Null where no query of it is planned. */
  readonly layout: Layout | null;
  /** Where its last key stands. */
  readonly place: Place<Shape>;
  /** By conditions, the bits of `CONDITION`. */
  readonly plans: Map<number, KeptPlan>;
}

/** A plan among all others. */
export interface KeptPlan extends Kept {
  readonly shape: Shape;
  readonly conditions: number;
  /** Null where the reference makes no event. */
  readonly plan: Plan | null;
}
