// A number with its noun, as the commands print it.

/** The number and the noun's form for it; digits ungrouped, so that other programs can read them. */
export function countOf(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
