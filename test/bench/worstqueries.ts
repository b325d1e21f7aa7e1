// Queries that cost most for their bytes: each presses on one thing that the reader of queries does. Knows no reader.

/** A shape of query. `part` is one parameter; `i` counts in a query, `run` queries, so that nothing is met twice. */
export interface Shape {
  readonly name: string;
  readonly part: (i: number, run: string) => string;
  /** Parameters at most; a query may have 512. */
  readonly most?: number;
}

const MOST = 511;
const short = (i: number) => i.toString(36);

export const SHAPES: readonly Shape[] = [
  { name: "new keys", part: (i, run) => `k${short(i)}${run}abcdefghij=xxxxxxxxxxxx` },
  { name: "long new keys", part: (i, run) => `k${short(i)}${run}${"a".repeat(80)}` },
  { name: "long values", part: (i) => `k${short(i)}=${"x".repeat(28)}` },
  { name: "one key, again and again", part: () => "a.b.c=xxxxxxxxxxxxxxxx" },
  { name: "every key twice", part: (i) => `k${short(i % 256)}=xxxxxxxxxxxxxxxx` },
  { name: "empty pairs", part: () => "&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&&" },
  { name: "too many pairs", part: () => "a", most: 16_384 },
  { name: "deep, new names", part: (i, run) => `${short(i)}${run}.a.b.c.d.e.f.g.h.i.j.k.l.m.n` },
  { name: "deep, no names", part: (i, run) => `${short(i)}${run}${".".repeat(29)}` },
  { name: "deep, one way", part: (i, run) => `${".".repeat(29)}${short(i)}${run}` },
  { name: "deep, four segments", part: (i, run) => `${short(i)}${run}.a.b.c=1` },
  { name: "arrays in arrays", part: (i) => `${short(i)}${".0".repeat(14)}` },
  { name: "appends", part: (i) => `a.-1.k${short(i)}=x` },
  { name: "appends in appends", part: (i) => `${short(i)}${".-1".repeat(9)}` },
  { name: "gaps", part: (i) => `a${short(i)}.255=` },
  { name: "gaps in gaps", part: (i) => `a${short(i)}${".255".repeat(31)}`, most: 1 },
  { name: "arrays that become objects", part: (i) => `a${short(i >> 1)}.${i % 2 === 1 ? "x" : "3"}=` },
  { name: "collisions", part: (i) => (i % 2 === 1 ? `a.k${short(i)}=1` : `a=${i}`) },
  { name: "names that are numbers", part: (i, run) => `a.${256 + i * 7919 + Number.parseInt(run, 36)}=1` },
  { name: "names of prototypes", part: (i) => `__proto__.${short(i)}.constructor=1` },
  { name: "colons", part: (i) => `${short(i)}${".:".repeat(14)}` },
  { name: "backslashes", part: (i, run) => `${short(i)}${run}${"\\a".repeat(13)}` },
  { name: "backslashes in one key", part: () => "\\a".repeat(8000), most: 1 },
  { name: "percent signs in keys", part: (i, run) => `%61%62${short(i)}%63%64${run}=1` },
  { name: "percent signs in values", part: (i, run) => `k${short(i)}=%C3%A9%41%42%43${run}` },
  { name: "percent signs in one value", part: (_, run) => `k=${"%C3%A9".repeat(2600)}${run}`, most: 1 },
  { name: "broken percent signs in keys", part: (i, run) => `%ff${short(i)}${run}xxxxxxxxxxxxxxxx` },
  {
    name: "broken percent signs in values",
    part: (i, run) => `k${short(i)}=%ff${run}${short(i)}xxxxxxxxxxxx`,
  },
  { name: "broken percent signs in one value", part: (_, run) => `k=${"%ff".repeat(5200)}${run}`, most: 1 },
  { name: "plus signs", part: (i, run) => `k${short(i)}=a+b+c+d+e+f+${run}+h+i` },
  { name: "plus signs in one value", part: () => `userId=${"+".repeat(16_000)}`, most: 1 },
  { name: "quotes", part: (i) => `k${short(i)}=""""""""""""""""""""` },
  { name: "a field of another kind", part: (i) => `context.page.url.k${short(i)}=1` },
];

/** A target of a shape, of at most so many bytes. */
export function writeWorst({ part, most = MOST }: Shape, bytes: number, run: number): string {
  let target = "/pixel/v1/page?writeKey=demo";
  for (let i = 0; i < most; i++) {
    const next = `${target}&${part(i, run.toString(36))}`;
    // One long parameter is cut to fit.
    if (next.length > bytes) return most === 1 ? next.slice(0, bytes) : target;
    target = next;
  }
  return target;
}
