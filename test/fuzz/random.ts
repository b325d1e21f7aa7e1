// Chance that a number decides: the same seed gives the same choices, on every machine.
import { createRandom } from "../support/random.ts";

/** A source of choices. */
export interface Random {
  /** An integer from 0 to below `limit`. */
  below(limit: number): number;
  /** One of some. */
  pick<T>(from: readonly T[]): T;
  /** True for one in `n`. */
  oneIn(n: number): boolean;
  /** Up to `most` things, made one by one. */
  many<T>(most: number, make: (index: number) => T): T[];
}

/** Choices by a seed, a 32-bit integer. */
export function randomOf(seed: number): Random {
  const below = createRandom(seed);
  return {
    below,
    pick: <T>(from: readonly T[]): T => from[below(from.length)] as T,
    oneIn: (n) => below(n) === 0,
    many: <T>(most: number, make: (index: number) => T) =>
      Array.from({ length: below(most + 1) }, (_, i) => make(i)),
  };
}
