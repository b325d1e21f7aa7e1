// Chance that a number decides: the same seed gives the same choices, on every machine.

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

/** Choices by a seed, a 32-bit integer (mulberry32). */
export function randomOf(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    below,
    pick: <T>(from: readonly T[]): T => from[below(from.length)] as T,
    oneIn: (n) => below(n) === 0,
    many: <T>(most: number, make: (index: number) => T) =>
      Array.from({ length: below(most + 1) }, (_, i) => make(i)),
  };
}
