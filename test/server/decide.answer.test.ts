import { describe, expect, test } from "bun:test";
import type { ReplyForm } from "../../src/pixel/reply.ts";
import type { Decision } from "../../src/server/decide.ts";
import { decideOf, NOW, page, requestOf } from "../support/decisions.ts";

const IMAGE = { "Sec-Fetch-Dest": "image" };
const FETCH = { "Sec-Fetch-Dest": "empty" };
const BOT = { "User-Agent": "Googlebot/2.1" };
const LONG = "x".repeat(20_000);

describe("the form of the answer", () => {
  type Row = [outcome: Decision["outcome"], target: string, headers: Record<string, string>, form: ReplyForm];
  const rows: readonly Row[] = [
    ["accepted", page("writeKey=wk_blog"), IMAGE, "gif"],
    ["accepted", page("writeKey=wk_blog"), FETCH, "text"],
    ["accepted", page("writeKey=wk_gif"), FETCH, "gif"],
    ["accepted", page("writeKey=wk_text"), IMAGE, "text"],
    ["accepted", "/pixel/v1/page.gif?writeKey=wk_text", FETCH, "gif"],
    ["dropped", page("writeKey=wk_strict"), BOT, "text"],
    ["dropped", page("writeKey=wk_strict"), { ...BOT, ...IMAGE }, "gif"],
    ["dropped", "/pixel/v1/page.gif?writeKey=wk_strict", BOT, "gif"],
    ["rejected", "/pixel/v1/track?writeKey=wk_blog", FETCH, "text"],
    ["rejected", "/pixel/v1/track?writeKey=wk_gif", FETCH, "gif"],
    ["rejected", "/pixel/v1/track?writeKey=wk_text", IMAGE, "text"],
    ["rejected", "/pixel/v1/track.gif?writeKey=wk_text", FETCH, "gif"],
    ["rejected", page("writeKey=nobody"), IMAGE, "gif"],
    ["rejected", page("writeKey=nobody"), FETCH, "text"],
    ["rejected", "/pixel/v1/page.gif?writeKey=nobody", FETCH, "gif"],
    // A target that is too long is not read, so its source's form is not known.
    ["rejected", page(`writeKey=wk_gif&a=${LONG}`), FETCH, "text"],
    ["rejected", page(`writeKey=wk_text&a=${LONG}`), IMAGE, "gif"],
    ["rejected", `/pixel/v1/page.gif?a=${LONG}`, FETCH, "gif"],
  ];
  for (const [outcome, target, headers, form] of rows) {
    const client = Object.entries(headers).map((pair) => pair.join(": "));
    test(`createDecide answers ${target.slice(0, 40)} from ${client.join(", ")}, ${outcome}, with ${form}`, () => {
      const request = requestOf(target, headers);
      expect(decideOf()(request)).toMatchObject({ outcome, form });
      expect(decideOf()({ ...request, isProbe: true })).toMatchObject({ outcome, form });
    });
  }
});

describe("what is published of a rejection", () => {
  function recordOf(target: string, headers: Record<string, string> = {}, isProbe = false) {
    const decision = decideOf()({ ...requestOf(target, headers), isProbe });
    if (decision.outcome !== "rejected") throw new Error(`Not rejected: ${decision.outcome}`);
    return decision.record;
  }
  const NO_EVENT = "/pixel/v1/track?writeKey=wk_blog&userId=a%20b";

  test("createDecide publishes the query as it came, and why it is rejected", () => {
    const record = recordOf(`${NO_EVENT}#c`, { "User-Agent": "Agent/1" });
    expect(record?.sourceId).toBe("blog");
    expect(JSON.parse(record?.payload ?? "")).toEqual({
      reason: "track: Mandatory field 'event' missing",
      query: "writeKey=wk_blog&userId=a%20b",
      receivedAt: NOW,
      sourceId: "blog",
      userAgent: "Agent/1",
    });
  });

  const published: readonly [
    rule: string,
    target: string,
    headers: Record<string, string>,
    sourceId: string,
  ][] = [
    ["of a disabled source", page("writeKey=wk_off"), {}, "off"],
    ["that passes a cap", page(`writeKey=wk_blog${"&a=1".repeat(512)}`), {}, "blog"],
    ["with Sec-GPC where the source only flags it", NO_EVENT, { "Sec-GPC": "1" }, "blog"],
    ["with DNT where the source only flags it", NO_EVENT, { DNT: "1" }, "blog"],
    ["without a signal where the source anonymises", "/pixel/v1/track?writeKey=wk_private", {}, "private"],
    [
      "with DNT: 0 where the source anonymises",
      "/pixel/v1/track?writeKey=wk_private",
      { DNT: "0" },
      "private",
    ],
  ];
  for (const [rule, target, headers, sourceId] of published) {
    test(`createDecide publishes a request ${rule}`, () => {
      expect(recordOf(target, headers)?.sourceId).toBe(sourceId);
    });
  }

  const kept: readonly [rule: string, target: string, headers?: Record<string, string>][] = [
    ["without a write key", page("a=1")],
    ["with an unknown write key", page("writeKey=nobody")],
    ["with an unknown write key that passes a cap", page(`writeKey=nobody${"&a=1".repeat(512)}`)],
    ["that is too long", page(`writeKey=wk_blog&a=${LONG}`)],
    ["with Sec-GPC where the source anonymises", "/pixel/v1/track?writeKey=wk_private", { "Sec-GPC": "1" }],
    ["with DNT where the source anonymises", "/pixel/v1/track?writeKey=wk_private", { DNT: "1" }],
    [
      "with Sec-GPC where the source would drop it",
      page(`writeKey=wk_strict${"&a=1".repeat(512)}`),
      { "Sec-GPC": "1" },
    ],
  ];
  for (const [rule, target, headers] of kept) {
    test(`createDecide publishes no request ${rule}`, () => expect(recordOf(target, headers)).toBeNull());
  }

  test("createDecide publishes no request over its source's rate", () => {
    const decide = decideOf();
    const request = requestOf(page("writeKey=wk_slow"));
    decide(request);
    decide(request);
    expect(decide(request)).toMatchObject({ outcome: "rejected", rejection: { status: 429 }, record: null });
  });

  test("createDecide publishes no HEAD", () => {
    expect(recordOf(NO_EVENT, {}, true)).toBeNull();
  });
});
