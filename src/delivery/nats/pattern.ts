// Patterns of subjects, with NATS's wildcards: which cover which. Knows no stream.

interface Node {
  readonly next: Map<string, Node>;
  isEnd: boolean;
}

/**
 * Patterns that can be asked. A tree of tokens: with 10,000 destinations each look at a stream asks 10,000 times, and
 * comparing each with each would take seconds.
 */
export class PatternSet {
  readonly #root: Node = { next: new Map(), isEnd: false };

  constructor(patterns: Iterable<string>) {
    for (const pattern of patterns) {
      let node = this.#root;
      for (const token of pattern.split(".")) {
        const next = node.next.get(token) ?? { next: new Map(), isEnd: false };
        node.next.set(token, next);
        node = next;
      }
      node.isEnd = true;
    }
  }

  /** Whether one of the patterns takes every subject that `wanted`, a subject or itself a pattern, stands for. */
  covers(wanted: string): boolean {
    return covers(this.#root, wanted.split("."), 0);
  }

  /** Whether some subject fits `other` and one of the patterns: two streams of an account may not take such two. */
  overlaps(other: string): boolean {
    return overlaps(this.#root, other.split("."), 0);
  }
}

function covers({ next, isEnd }: Node, tokens: readonly string[], at: number): boolean {
  const token = tokens[at];
  if (token === undefined) return isEnd;
  if (next.has(">")) return true;
  if (token === ">") return false;
  return ["*", token].some((one) => {
    const node = next.get(one);
    return node !== undefined && covers(node, tokens, at + 1);
  });
}

function overlaps({ next, isEnd }: Node, tokens: readonly string[], at: number): boolean {
  const token = tokens[at];
  if (token === undefined) return isEnd;
  if (next.has(">")) return true;
  if (token === ">") return next.size > 0;
  const nodes = token === "*" ? [...next.values()] : [next.get("*"), next.get(token)];
  return nodes.some((node) => node !== undefined && overlaps(node, tokens, at + 1));
}

const SHOWN = 5;

/** The first of some patterns or subjects, and how many more there are. */
export function showSome(texts: readonly string[]): string {
  const shown = texts.slice(0, SHOWN).join(", ");
  return texts.length > SHOWN ? `${shown} and ${texts.length - SHOWN} more` : shown;
}
