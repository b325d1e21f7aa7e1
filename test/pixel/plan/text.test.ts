import { expect, test } from "bun:test";
import { LONGEST_URL, Text, textAt } from "../../../src/pixel/plan/text.ts";

const REFUSED: readonly [rule: string, url: string][] = [
  ["without a query", "http://x/pixel"],
  ["with a fragment", "http://x/?a=1#b"],
  ["with a letter that is not ASCII", "http://x/?a=é"],
  ["with a letter whose low byte is ASCII", "http://x/?a=\u0141"],
  ["with a lone surrogate", "http://x/?a=\ud800"],
  ["that is too long", `http://x/?${"a".repeat(LONGEST_URL)}`],
];
for (const [rule, url] of REFUSED) {
  test(`Text.load refuses a URL ${rule}`, () => {
    const text = new Text();
    text.load("/?a=1");
    expect(text.load(url)).toBe(false);
    expect(text.url).toBe("");
  });
}

test("Text.load takes a URL of the longest length", () => {
  const text = new Text();
  expect(text.load("/?".padEnd(LONGEST_URL, "a"))).toBe(true);
  expect([text.start, text.length]).toEqual([2, LONGEST_URL]);
});

test("Text.load ends the bytes of a URL, whatever stood there", () => {
  const text = new Text();
  text.load("/?a=1234567");
  text.load("/?a=%4");
  expect(text.bytes.toString("latin1", 0, 8)).toBe("/?a=%4\u00004");
});

test("textAt decodes a value", () => {
  const text = new Text();
  text.load("/?a=x%20y+z&b=1");
  text.starts[1] = 4;
  text.ends[1] = 11;
  expect(textAt(text, 1)).toBe("x y z");
});
