// The rule: docs/wire-contract.md, "How large an event can be".
import { expect, test } from "bun:test";
import fc from "fast-check";
import { decideOf, eventIn, page, requestOf } from "../support/decisions.ts";
import { startApp } from "../support/publicapp.ts";

const FACTOR = 4;
const FIXED_BYTES = 24_576;
const MAX_URL_BYTES = 65_536;

/** The headers that make an event largest: each character is two bytes in JSON, and a page has its Referer twice. */
const LARGEST = {
  "User-Agent": '"'.repeat(300_000),
  Referer: "\\".repeat(300_000),
  "Accept-Language": '"'.repeat(300_000),
  "Sec-Purpose": "prefetch",
  "Sec-GPC": "1",
  DNT: "1",
};
const PEER = "2001:db8:1111:2222:3333:4444:5555:6666";

/** Bytes of an event over four times those of its target; 0 where there is none. */
function excessOf(target: string, headers: Record<string, string> = LARGEST): number {
  const decision = decideOf({ maxUrlBytes: MAX_URL_BYTES })(requestOf(target, headers, PEER));
  if (decision.outcome !== "accepted") return 0;
  return decision.outgoing.payload.length - FACTOR * Buffer.byteLength(target);
}

// What grows most: names and values of letters that JSON escapes, values that are copied, empty names, gaps, and what is
// not UTF-8. As in a request line: no control character, no blank, and nothing that is not ASCII.
const segment = fc.constantFrom(
  "",
  "",
  "",
  "a",
  "0",
  "5",
  "-1",
  "255",
  ":",
  '"',
  "\\\\",
  "%01",
  "%22",
  "%ff",
);
const key = fc.oneof(
  fc.array(segment, { minLength: 1, maxLength: 32 }).map((parts) => parts.join(".")),
  fc.constantFrom(
    "context.page.url",
    "properties.title",
    "properties.path",
    "context.page.referrer",
    "messageId",
  ),
  fc.string({ unit: fc.constantFrom(...'abc.%01"\\:'.split("")), maxLength: 40 }),
);
const value = fc.oneof(
  fc.constantFrom("", "%01", '"', "\\", "%ff", "%E2%82", "%F0%9F%98%80", "+"),
  fc
    .array(fc.constantFrom("%01", '"', "\\", "%ff", "x", "%C3%A9"), { maxLength: 200 })
    .map((parts) => parts.join("")),
);
const query = fc
  .array(fc.tuple(key, value, fc.nat(600)), { maxLength: 600 })
  .map((pairs) =>
    pairs.map(([name, text, n]) => `${n % 3 === 0 ? n.toString(36) : ""}${name}=${text}`).join("&"),
  );

test("createDecide makes no event of more than 4 × its request line and 24,576 bytes", () => {
  fc.assert(
    fc.property(fc.constantFrom("page", "track"), query, (type, text) => {
      const target = `/pixel/v1/${type}?writeKey=wk_blog&event=e&${text}`;
      expect(excessOf(target)).toBeLessThanOrEqual(FIXED_BYTES);
    }),
    { numRuns: 1000 },
  );
});

/** As much of something as a target can hold, each time with another number. */
function fill(part: (i: string) => string): string {
  let text = page("writeKey=wk_blog");
  for (let i = 0; i < 511; i++) {
    const next = `${text}&${part(i.toString(36))}`;
    if (next.length > MAX_URL_BYTES) break;
    text = next;
  }
  return text;
}

const worst: readonly [what: string, target: string][] = [
  ["a copied fact of quotes", page(`writeKey=wk_blog&properties.url=${'"'.repeat(60_000)}`)],
  [
    "a copied fact of control characters",
    page(`writeKey=wk_blog&context.page.title=${"%01".repeat(20_000)}`),
  ],
  ["gaps as an array can have them", page("writeKey=wk_blog&a.255=")],
  ["empty names", fill((i) => `${i}...`)],
  [
    "deep empty names",
    page(`writeKey=wk_blog&${Array.from({ length: 63 }, (_, i) => `${i}${".".repeat(31)}`).join("&")}`),
  ],
  ["names without values", fill((i) => i)],
  ["names of quotes", fill((i) => `${'"'.repeat(20)}${i}`)],
  ["nothing but headers", page("writeKey=wk_blog")],
];
for (const [what, target] of worst) {
  test(`createDecide makes no event beyond that of ${what}`, () => {
    expect(decideOf({ maxUrlBytes: MAX_URL_BYTES })(requestOf(target)).outcome).toBe("accepted");
    expect(excessOf(target)).toBeLessThanOrEqual(FIXED_BYTES);
  });
}

test("createDecide makes no event of 141 bytes of gaps", () => {
  const decision = decideOf()(requestOf(page(`writeKey=wk_blog&a${".255".repeat(27)}=`)));
  expect(decision).toMatchObject({ outcome: "rejected", rejection: { status: 400 } });
});

test("createApp cuts a user agent of 250 KB everywhere: in the event, in a rejected record, on the live page", async () => {
  const app = startApp({ isWatched: true });
  const headers = { "User-Agent": "x".repeat(250_000) };
  await app.send("/pixel/v1/page?writeKey=wk_blog", { headers });
  await app.send("/pixel/v1/page?writeKey=wk_blog&context=no", { headers });
  const cut = "x".repeat(1024);
  expect(eventIn(app.outgoing[0]).context?.userAgent).toBe(cut);
  expect(app.rejected).toEqual([["blog", expect.objectContaining({ userAgent: cut })]]);
  expect(app.shown.map(({ userAgent }) => userAgent)).toEqual([cut, cut]);
});
