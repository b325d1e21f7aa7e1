// docs/performance.md held to the change log: each release was measured, and its rows say how.
import { expect, test } from "bun:test";
import { headingsOf, readDocument, rowsUnder } from "./markdown.ts";

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
    const [, machine, generator, one, spreadOfOne, many, spreadOfMany] = row;
    expect(machine).toContain("nats-server");
    expect(["own", "wrk"]).toContain(generator ?? "");
    expect({ row, fits: isWithin(one, spreadOfOne) && isWithin(many, spreadOfMany) }).toEqual({
      row,
      fits: true,
    });
  }
});

/** Whether a figure lies within its spread; one run has none. */
function isWithin(figure: string | undefined, spread: string | undefined): boolean {
  if (spread === "one run") return Number(figure) > 0;
  const [low = Number.NaN, high = Number.NaN] = spread?.split(" – ").map(Number) ?? [];
  return low <= Number(figure) && Number(figure) <= high;
}
