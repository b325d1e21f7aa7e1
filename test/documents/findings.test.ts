// The table of findings in docs/operating.md, held to what is found of streams.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { codeIn, ROOT, readDocument, rowsUnder } from "./markdown.ts";

const INSPECT = readFileSync(join(ROOT, "src/delivery/nats/inspect.ts"), "utf8");
const ROWS = rowsUnder(readDocument("docs/operating.md"), "Findings").map(([finding = "", meaning = ""]) => ({
  text: codeIn(finding)[0] ?? "",
  meaning,
}));

/** What the source says of a stream: its sentences, in their order. */
const SENTENCES = Array.from(
  INSPECT.matchAll(/(?:says =\s*|\["warning", )[`"]([^`"]+)[`"]/g),
  ([, text = ""]) => text,
);

test("docs/operating.md has a row for every finding, and for no other", () => {
  expect(SENTENCES.length).toBeGreaterThan(12);
  expect(SENTENCES.filter((says) => !ROWS.some(({ text }) => says.includes(text)))).toEqual([]);
  expect(ROWS.filter(({ text }) => !SENTENCES.some((says) => says.includes(text)))).toEqual([]);
});

test("docs/operating.md says of each finding how bad it is, and whether it bars the stream", () => {
  for (const { text, meaning } of ROWS) {
    const sentence = SENTENCES.find((says) => says.includes(text)) ?? "";
    // The severity stands before the sentence where that is given at once, and behind it otherwise.
    const place = INSPECT.indexOf(sentence);
    const [, is] =
      /"(fatal|fault|warning)"/.exec(INSPECT.slice(place - 12, place) + INSPECT.slice(place)) ?? [];
    expect({ text, meaning: meaning.split(".")[0] }).toEqual({
      text,
      meaning: is === "fatal" ? "fault, barred" : (is ?? ""),
    });
  }
});
