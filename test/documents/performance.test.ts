// docs/performance.md held to the change log: each release was measured, and its rows say how.
import { expect, test } from "bun:test";
import { mix } from "../bench/mix.ts";
import { ROWS } from "../bench/rows.ts";
import { codeIn, headingsOf, readDocument, rowsUnder } from "./markdown.ts";

const HISTORY = rowsUnder(readDocument("docs/performance.md"), "History");

test("docs/performance.md has rows of figures for each release of CHANGELOG.md, oldest first", () => {
  const headings = headingsOf(readDocument("CHANGELOG.md"));
  const releases = headings.flatMap((heading) => /^\d+\.\d+\.\d+\S*/.exec(heading)?.[0] ?? []);
  expect(releases.length).toBeGreaterThan(1);
  const measured = HISTORY.map(([release]) => release);
  expect(measured.filter((release, index) => release !== measured[index - 1])).toEqual(releases.toReversed());
});

test("docs/performance.md names machine and generator of each row, and a median within its spread", () => {
  for (const row of HISTORY) {
    const [, machine, generator, ...figures] = row;
    expect(machine).toContain("nats-server");
    expect(["own", "wrk"]).toContain(generator ?? "");
    const measured = [0, 2, 4].filter((at) => figures[at] !== "–");
    expect({ row, count: measured.length }).toEqual({ row, count: 2 });
    for (const at of measured) {
      expect({ row, fits: isWithin(figures[at], figures[at + 1]) }).toEqual({ row, fits: true });
    }
  }
});

test("docs/performance.md tells every row of the bench, and what the mix is made of", () => {
  const { prose } = readDocument("docs/performance.md");
  const method = prose.slice(prose.indexOf("## Method"), prose.indexOf("## History")).join(" ");
  const told = codeIn(method);
  expect(ROWS.filter(({ name }) => !told.includes(name))).toEqual([]);
  const bytes = mix.reduce((sum, { target }) => sum + target.length, 0) / mix.length;
  expect(method).toContain(
    `${mix.length.toLocaleString("en-US")} pixels of ${new Set(mix.map(({ kind }) => kind)).size} kinds`,
  );
  expect(method).toContain(`${Math.round(bytes)} bytes on average`);
});

/** Whether a figure lies within its spread; one run has none. */
function isWithin(figure: string | undefined, spread: string | undefined): boolean {
  if (spread === "one run") return Number(figure) > 0;
  const [low = Number.NaN, high = Number.NaN] = spread?.split(" – ").map(Number) ?? [];
  return low <= Number(figure) && Number(figure) <= high;
}
