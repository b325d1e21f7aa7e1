import { describe, expect, test } from "bun:test";
import { decodePayload } from "../../src/pixel/payload.ts";
import { expectGif, expectText, IMAGE, NOW, startApp } from "../support/publicapp.ts";

describe("delivery", () => {
  test("createApp answers 200 for an event that is in the spool", async () => {
    const { send, counts } = startApp({ delivered: "spooled" });
    expectText(await send("/pixel/v1/page?writeKey=wk_blog"), 200, "OK");
    expect(counts).toEqual([["spooled", "page", "blog", null]]);
  });

  test("createApp answers 200 for an event of which a copy is in quarantine", async () => {
    const { send, counts } = startApp({ delivered: "quarantined" });
    expectText(await send("/pixel/v1/page?writeKey=wk_blog"), 200, "OK");
    expect(counts).toEqual([["quarantined", "page", "blog", null]]);
  });

  test("createApp answers 413 for an event that none of its destinations ever takes, and asks for no other try", async () => {
    const { send, counts } = startApp({ delivered: "tooLarge" });
    const reason = "event is larger than its destinations take";
    const text = await send("/pixel/v1/page?writeKey=wk_cookie");
    expectText(text, 413, reason);
    expect(text.headers.get("retry-after")).toBeNull();
    expect(text.headers.get("set-cookie")).toBeNull();
    expectGif(await send("/pixel/v1/page?writeKey=wk_blog", IMAGE), 413, reason);
    expect(counts).toEqual([
      ["rejected", "page", "cookie", reason],
      ["rejected", "page", "blog", reason],
    ]);
  });

  for (const delivered of ["published", "spooled", "failed", "tooLarge"] as const) {
    test(`createApp gives the place of an event away that is ${delivered}, once it is answered`, async () => {
      const { send, outgoing } = startApp({ delivered });
      for (let sent = 0; sent < 400; sent++) {
        await send(`/pixel/v1/page?writeKey=wk_blog&name=${"n".repeat(1000)}`);
      }
      expect(new Set(outgoing.map(({ payload }) => payload.buffer)).size).toBeLessThan(5);
    });
  }

  test("createApp answers 503 with Retry-After for an event that nobody is responsible for", async () => {
    const { send, counts } = startApp({ delivered: "failed" });
    const reason = "event cannot be kept now: try again";
    const text = await send("/pixel/v1/page?writeKey=wk_cookie");
    expectText(text, 503, reason);
    expect(text.headers.get("retry-after")).toBe("1");
    expect(text.headers.get("set-cookie")).toBeNull();
    const gif = await send("/pixel/v1/page?writeKey=wk_blog", IMAGE);
    expectGif(gif, 503, reason);
    expect(gif.headers.get("retry-after")).toBe("1");
    expect(counts.map(([outcome]) => outcome)).toEqual(["failed", "failed"]);
  });

  test("createApp answers 503 with Retry-After while it turns requests away, and reads nothing of them", async () => {
    const { send, outgoing, counts } = startApp({ isOverloaded: true });
    const text = await send("/pixel/v1/page?writeKey=wk_blog");
    expectText(text, 503, "gateway is overloaded: try again");
    expect(text.headers.get("retry-after")).toBe("1");
    expectGif(await send("/pixel/v1/track.gif?writeKey=wk_no"), 503, "gateway is overloaded: try again");
    // Its source would have asked for the GIF.
    expectText(await send("/pixel/v1/page?writeKey=wk_gif"), 503, "gateway is overloaded: try again");
    expect(outgoing).toEqual([]);
    expect(counts).toEqual([
      ["failed", "page", null, "gateway is overloaded: try again"],
      ["failed", "track", null, "gateway is overloaded: try again"],
      ["failed", "page", null, "gateway is overloaded: try again"],
    ]);
  });

  test("createApp asks for a request's peer where its address goes into an event, and nowhere else", async () => {
    const { send, outgoing, peersOf } = startApp();
    // Each more than twice: the fast path takes what has been seen before.
    for (let times = 0; times < 4; times++) {
      for (const writeKey of ["wk_nobody", "wk_off", "wk_placeless"])
        await send(`/pixel/v1/page?writeKey=${writeKey}`);
      await send("/pixel/v1/page?writeKey=wk_placeless", { method: "HEAD" });
    }
    expect(outgoing).toHaveLength(4);
    expect(peersOf).toEqual([]);
    await send("/pixel/v1/page?writeKey=wk_blog");
    expect(peersOf).toEqual(["http://p.example/pixel/v1/page?writeKey=wk_blog"]);
    const { payload = new Uint8Array() } = outgoing.at(-1) ?? {};
    expect(JSON.parse(decodePayload(payload))).toMatchObject({ request_ip: "192.0.2.1" });
  });

  test("createApp hides a fault of its own behind a plain 500", async () => {
    const { send, faults } = startApp({ delivered: new Error("secret detail") });
    const answer = await send("/pixel/v1/page?writeKey=wk_blog");
    expectText(answer, 500, "internal error");
    expect(faults.map(String)).toEqual(["Error: secret detail"]);
  });
});

describe("rejected events", () => {
  for (const header of ["Sec-GPC", "DNT"]) {
    test(`createApp shows no rejected query with ${header}: 1 where the source promises more than a flag`, async () => {
      const { send, rejected } = startApp();
      await send("/pixel/v1/track?writeKey=wk_private&userId=u", { headers: { [header]: "1" } });
      expect(rejected).toEqual([]);
      await send("/pixel/v1/track?writeKey=wk_private&userId=u");
      await send("/pixel/v1/track?writeKey=wk_blog&userId=u", { headers: { [header]: "1" } });
      expect(rejected.map(([sourceId]) => sourceId)).toEqual(["private", "blog"]);
    });
  }

  test("createApp shows a rejected request that has a valid write key", async () => {
    const { send, rejected, counts } = startApp();
    await send("/pixel/v1/track?writeKey=wk_blog&name=a%20b#c", { headers: { "User-Agent": "Agent/1" } });
    await send("/pixel/v1/page?writeKey=wk_off");
    expect(rejected).toEqual([
      [
        "blog",
        {
          reason: "track: Mandatory field 'event' missing",
          query: "writeKey=wk_blog&name=a%20b",
          receivedAt: NOW,
          sourceId: "blog",
          userAgent: "Agent/1",
        },
      ],
      [
        "off",
        {
          reason: "source is disabled",
          query: "writeKey=wk_off",
          receivedAt: NOW,
          sourceId: "off",
          userAgent: null,
        },
      ],
    ]);
    expect(counts).toEqual([
      ["rejected", "track", "blog", "track: Mandatory field 'event' missing"],
      ["rejected", "page", "off", "source is disabled"],
    ]);
  });

  test("createApp only counts a rejected request without a valid write key", async () => {
    const { send, rejected, counts } = startApp();
    await send("/pixel/v1/page");
    await send("/pixel/v1/page?writeKey=nobody");
    expect(rejected).toEqual([]);
    expect(counts).toEqual([
      ["rejected", "page", null, "failed to read writekey from query params"],
      ["rejected", "page", null, "invalid write key"],
    ]);
  });
});

describe("the live view", () => {
  test("createApp shows each request while somebody watches", async () => {
    const { send, shown } = startApp({ isWatched: true });
    await send("/pixel/v1/page?writeKey=wk_blog&name=Home", { headers: { "User-Agent": "Agent/1" } });
    await send("/pixel/v1/track?writeKey=nobody");
    expect(
      shown.map(({ payload, ...record }) => ({ ...record, name: JSON.parse(payload ?? "null")?.name })),
    ).toEqual([
      {
        receivedMs: Date.parse(NOW),
        type: "page",
        outcome: "published",
        reason: null,
        status: 200,
        sourceId: "blog",
        destinations: ["warehouse"],
        target: "/pixel/v1/page?writeKey=wk_blog&name=Home",
        userAgent: "Agent/1",
        name: "Home",
      },
      {
        receivedMs: Date.parse(NOW),
        type: "track",
        outcome: "rejected",
        reason: "invalid write key",
        status: 400,
        sourceId: null,
        destinations: [],
        target: "/pixel/v1/track?writeKey=nobody",
        userAgent: null,
        name: undefined,
      },
    ]);
  });

  test("createApp builds no record while nobody watches", async () => {
    const { send, shown } = startApp();
    await send("/pixel/v1/page?writeKey=wk_blog");
    expect(shown).toEqual([]);
  });
});
