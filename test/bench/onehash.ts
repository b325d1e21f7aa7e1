// Keys that look alike to whoever tells shapes apart by a hash of their letters: thousands of them, with one hash.
import { hashKeys } from "../../src/pixel/plan/keys.ts";
import { createRandom } from "../support/random.ts";

const BLOCKS = 12;
const LETTERS = 8;

/** Makes the keys, one for each number from 0 to 4,095: of two blocks of letters at each place, which lead from one hash to one. */
export function createTwinKeys(): (number: number) => string {
  const below = createRandom(14);
  const blocks: (readonly [string, string])[] = [];
  let start = "";
  for (let block = 0; block < BLOCKS; block++) {
    const pair = findPair(start, below);
    blocks.push(pair);
    start += pair[0];
  }
  return (number) => blocks.map((pair, block) => pair[(number >> block) & 1]).join("");
}

/** Two texts with one hash behind `start`: among some 100,000 texts two have the same of 2^32 hashes. */
function findPair(start: string, below: (limit: number) => number): readonly [string, string] {
  const met = new Map<number, string>();
  while (true) {
    const text =
      below(36 ** 5)
        .toString(36)
        .padStart(5, "0") +
      below(36 ** 3)
        .toString(36)
        .padStart(3, "0");
    const hash = hashKeys(`${start}${text.slice(0, LETTERS)}=`, 0);
    const other = met.get(hash);
    if (other !== undefined && other !== text) return [other, text];
    met.set(hash, text);
  }
}
