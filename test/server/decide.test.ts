// The rules: docs/wire-contract.md, "Reasons" and "From event to NATS".
import { describe, expect, test } from "bun:test";
import { Rejection } from "../../src/pixel/rejection.ts";
import { decideOf, NOW, page, requestOf } from "../support/decisions.ts";

describe("rejections", () => {
  const rows: readonly [
    rule: string,
    target: string,
    status: number,
    reason: string,
    sourceId: string | null,
  ][] = [
    ["a request without a query", "/pixel/v1/page", 400, "failed to read writekey from query params", null],
    ["a request without a write key", page("a=1"), 400, "failed to read writekey from query params", null],
    ["an empty write key", page("writeKey="), 400, "failed to read writekey from query params", null],
    ["a blank write key", page("writeKey=%20+"), 400, "failed to read writekey from query params", null],
    [
      "a write key as a path",
      page("writeKey.a=wk_blog"),
      400,
      "failed to read writekey from query params",
      null,
    ],
    [
      "a write key in other letters",
      page("writekey=wk_blog"),
      400,
      "failed to read writekey from query params",
      null,
    ],
    [
      "a write key after #",
      page("a=1#&writeKey=wk_blog"),
      400,
      "failed to read writekey from query params",
      null,
    ],
    ["an unknown write key", page("writeKey=nobody"), 400, "invalid write key", null],
    ["a write key in other case", page("writeKey=WK_BLOG"), 400, "invalid write key", null],
    ["a write key that is a prototype name", page("writeKey=__proto__"), 400, "invalid write key", null],
    ["a disabled source", page("writeKey=wk_off"), 400, "source is disabled", "off"],
    [
      "a track without event",
      "/pixel/v1/track?writeKey=wk_blog",
      400,
      "track: Mandatory field 'event' missing",
      "blog",
    ],
    [
      "a context that is no object",
      page("writeKey=wk_blog&context=x"),
      400,
      "context must be an object",
      "blog",
    ],
    [
      "513 parameters",
      page(`writeKey=wk_blog${"&a=1".repeat(512)}`),
      400,
      "too many query parameters: more than 512",
      "blog",
    ],
    [
      "513 parameters, the write key encoded among them",
      page(`a=1&writeKey=+%77k_blog${"&a=1".repeat(512)}`),
      400,
      "too many query parameters: more than 512",
      "blog",
    ],
    [
      "513 parameters of a stranger",
      page(`writeKey=nobody${"&a=1".repeat(512)}`),
      400,
      "too many query parameters: more than 512",
      null,
    ],
    [
      "513 parameters without a write key",
      page("a=1&".repeat(513)),
      400,
      "too many query parameters: more than 512",
      null,
    ],
    [
      "a key of 33 segments",
      page(`writeKey=wk_blog&${"a.".repeat(32)}a=1`),
      400,
      "query key too deep: more than 32 segments",
      "blog",
    ],
  ];
  for (const [rule, target, status, reason, sourceId] of rows) {
    test(`createDecide rejects ${rule}`, () => {
      const decision = decideOf()(requestOf(target));
      expect(decision).toMatchObject({ outcome: "rejected", rejection: new Rejection(status, reason) });
      expect(decision.source?.id ?? null).toBe(sourceId);
    });
  }

  test("createDecide trims a write key", () => {
    for (const key of ["%20wk_blog%0A", "+wk_blog+", "wk_blog%20%20"]) {
      expect(decideOf()(requestOf(page(`writeKey=${key}`))).outcome).toBe("accepted");
    }
  });

  test("createDecide takes 512 parameters and 32 segments", () => {
    const many = page(`writeKey=wk_blog${"&a=1".repeat(511)}`);
    const deep = page(`writeKey=wk_blog&${"a.".repeat(31)}a=1`);
    expect(decideOf()(requestOf(many)).outcome).toBe("accepted");
    expect(decideOf()(requestOf(deep)).outcome).toBe("accepted");
  });

  test("createDecide measures the target, without scheme and host", () => {
    const decide = decideOf({ maxUrlBytes: 256 });
    const start = page("writeKey=wk_blog&a=");
    const fits = start + "x".repeat(256 - start.length);
    expect(decide(requestOf(fits)).outcome).toBe("accepted");
    const tooLong = {
      outcome: "rejected",
      source: null,
      rejection: new Rejection(414, "request target too long: more than 256 bytes"),
    };
    expect(decide(requestOf(`${fits}x`))).toMatchObject(tooLong);
    expect(decide({ ...requestOf(fits), url: fits }).outcome).toBe("accepted");
    expect(decide({ ...requestOf(fits), url: `${fits}x` })).toMatchObject(tooLong);
  });
});

describe("rate limits", () => {
  test("createDecide rejects with 429 past a source's rate, and takes more a second later", () => {
    const decide = decideOf();
    const request = requestOf(page("writeKey=wk_slow"));
    const statuses = Array.from({ length: 4 }, () => decide(request)).map((decision) =>
      decision.outcome === "rejected"
        ? `${decision.rejection.status} ${decision.rejection.reason}`
        : "accepted",
    );
    const rejected = "429 source is over its rate limit";
    expect(statuses).toEqual(["accepted", "accepted", rejected, rejected]);
    expect(decide({ ...request, receivedMs: Date.parse(NOW) + 1000 }).outcome).toBe("accepted");
    expect(decide(requestOf(page("writeKey=wk_blog"))).outcome).toBe("accepted");
  });

  test("createDecide takes nothing of the rate for a HEAD", () => {
    const decide = decideOf();
    const request = requestOf(page("writeKey=wk_slow"));
    for (let index = 0; index < 5; index++) decide({ ...request, isProbe: true });
    expect(decide(request).outcome).toBe("accepted");
  });
});
