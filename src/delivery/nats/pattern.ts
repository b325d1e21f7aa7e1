// Patterns of subjects, with NATS's wildcards: which cover which. Knows no stream.

/** Whether one of the patterns takes every subject that `wanted`, a subject or itself a pattern, stands for. */
export function covers(patterns: readonly string[], wanted: string): boolean {
  const tokens = wanted.split(".");
  return patterns.some((pattern) => {
    const parts = pattern.split(".");
    const isOpen = parts.at(-1) === ">";
    if (isOpen ? tokens.length < parts.length : tokens.length !== parts.length) return false;
    return parts.every((part, index) => {
      const token = tokens[index];
      return part === ">" || part === token || (part === "*" && token !== ">");
    });
  });
}

/** Whether some subject fits both patterns: two streams of an account may not take such two. */
export function overlap(one: string, other: string): boolean {
  const [left, right] = [one.split("."), other.split(".")];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const [a, b] = [left[index], right[index]];
    if (a === undefined || b === undefined) return false;
    if (a === ">" || b === ">") return true;
    if (a !== b && a !== "*" && b !== "*") return false;
  }
  return true;
}
