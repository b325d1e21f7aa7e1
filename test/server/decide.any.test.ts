import { expect, test } from "bun:test";
import fc from "fast-check";
import { decideOf, eventOf, requestOf } from "../support/decisions.ts";

test("createDecide gives any target and any headers an event, a drop or a reason of plain ASCII, and never throws", () => {
  const decide = decideOf({ maxUrlBytes: 512, trusted: "10.0.0.0/8" });
  const fragment = fc.oneof(
    fc.constantFrom(
      "writeKey=wk_blog",
      "writeKey=wk_strict",
      "&",
      "=",
      "?",
      "#",
      "%",
      "+",
      ".",
      ":",
      "\\",
      "/",
    ),
    fc.constantFrom(
      "event=e",
      "context",
      "context.page",
      "properties",
      "userId",
      "messageId=",
      "name=",
      "%E0%A4",
    ),
    fc.string({ unit: "binary", maxLength: 8 }),
  );
  const query = fc.array(fragment, { maxLength: 20 }).map((parts) => parts.join(""));
  const name = fc.constantFrom(
    "User-Agent",
    "Referer",
    "Cookie",
    "X-Forwarded-For",
    "Accept-Language",
    "Sec-GPC",
    "DNT",
    "Purpose",
  );
  const headers = fc.array(
    fc.tuple(
      name,
      fc.string({ maxLength: 40 }).map((text) => text.replace(/[^ -~]/g, "~")),
    ),
  );
  const peer = fc.constantFrom(null, "10.0.0.1", "::1", "192.0.2.1");
  fc.assert(
    fc.property(fc.constantFrom("page", "track"), query, headers, peer, (type, text, pairs, from) => {
      const target = `/pixel/v1/${type}?writeKey=wk_blog&event=e&${text}`;
      const decision = decide({ ...requestOf(target, {}, from), headers: new Headers(pairs) });
      const { source } = decision;
      if (decision.outcome === "rejected") {
        const { status, reason } = decision.rejection;
        expect(reason).toMatch(/^[\x20-\x7e]+$/);
        // A key that is written in another way, such as `\\writeKey`, is another key to the same place.
        if (status === 414) expect(source).toBeNull();
        else if (source === null) expect(reason).toMatch(/write ?key/);
      } else if (decision.outcome === "accepted") {
        expect(eventOf(decision)).toMatchObject({
          type,
          context: { gateway: { sourceId: source?.id } },
        });
      } else expect(source?.bots).toBe("drop");
    }),
    { numRuns: 2000 },
  );
});
