import { describe, expect, test } from "bun:test";
import { resolveSources } from "../../src/config/sources.ts";
import type { Delivered, Outgoing } from "../../src/delivery/outgoing.ts";
import type { LiveRecord } from "../../src/observe/observer.ts";
import { GIF } from "../../src/pixel/reply.ts";
import { createApp } from "../../src/server/app.ts";
import { createDecide } from "../../src/server/decide.ts";
import { createRateLimiter } from "../../src/server/ratelimiter.ts";

const NOW = "2026-11-23T10:00:00.000Z";
const SOURCES = resolveSources(
  {
    sources: [
      { id: "blog", writeKey: "wk_blog", destinations: ["warehouse"] },
      { id: "off", writeKey: "wk_off", destinations: ["warehouse"], enabled: false },
      { id: "gif", writeKey: "wk_gif", destinations: ["warehouse"], reply: "gif" },
      { id: "text", writeKey: "wk_text", destinations: ["warehouse"], reply: "text" },
      { id: "slow", writeKey: "wk_slow", destinations: ["warehouse"], rateLimit: 1 },
      { id: "strict", writeKey: "wk_strict", destinations: ["warehouse"], bots: "drop" },
      { id: "cookie", writeKey: "wk_cookie", destinations: ["warehouse"], anonymousId: "cookie" },
      { id: "private", writeKey: "wk_private", destinations: ["warehouse"], privacySignals: "anonymise" },
    ],
    destinations: [{ id: "warehouse" }],
  },
  "pixel",
);

interface Options {
  /** How delivery ends, or an error that it throws. */
  readonly delivered?: Delivered | Error;
  readonly isWatched?: boolean;
  readonly isOverloaded?: boolean;
}

/** A public app over a delivery that takes notes. The real one has tests of its own, and the black-box suite joins both. */
function start({ delivered = "published", isWatched = false, isOverloaded = false }: Options = {}) {
  if (Array.isArray(SOURCES)) throw new Error(SOURCES.join("\n"));
  const sources = SOURCES;
  const outgoing: Outgoing[] = [];
  const rejected: unknown[][] = [];
  const counts: unknown[][] = [];
  const shown: LiveRecord[] = [];
  const faults: unknown[] = [];
  let ids = 0;
  const app = createApp({
    decide: createDecide({
      maxUrlBytes: 2048,
      trustedProxies: null,
      sources: () => sources,
      newId: () => `new-${++ids}`,
      rateLimiter: createRateLimiter(1),
    }),
    delivery: {
      deliver(event, settle) {
        if (delivered instanceof Error) throw delivered;
        outgoing.push(event);
        queueMicrotask(() => settle(delivered));
      },
      publishRejected: (sourceId, payload) => rejected.push([sourceId, JSON.parse(payload)]),
    },
    observer: {
      isWatched,
      count: (outcome, type, sourceId, reason) => counts.push([outcome, type, sourceId, reason]),
      show: (record) => shown.push(record),
    },
    admits: () => !isOverloaded,
    clock: () => Date.parse(NOW),
    peer: () => "192.0.2.1",
    onFault: (error) => faults.push(error),
  });

  async function send(target: string, init: RequestInit = {}) {
    const response = await app.handle(new Request(`http://p.example${target}`, init));
    const body = new Uint8Array(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, body, text: new TextDecoder().decode(body) };
  }
  return { send, outgoing, rejected, counts, shown, faults };
}

type Answer = Awaited<ReturnType<ReturnType<typeof start>["send"]>>;

const IMAGE = { headers: { "Sec-Fetch-Dest": "image" } };

function expectCommon({ headers }: Answer): void {
  expect(headers.get("cache-control")).toBe("no-store, no-cache, must-revalidate, private");
  expect(headers.get("access-control-allow-origin")).toBe("*");
  expect(headers.get("access-control-allow-credentials")).toBeNull();
  expect(headers.get("cross-origin-resource-policy")).toBe("cross-origin");
}

function expectGif(answer: Answer, status: number, error: string | null = null): void {
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toBe("image/gif");
  expect(answer.body).toEqual(GIF);
  expect(answer.headers.get("x-pixelgate-error")).toBe(error);
  expectCommon(answer);
}

function expectText(answer: Answer, status: number, text: string): void {
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(answer.text).toBe(text);
  expect(answer.headers.get("x-pixelgate-error")).toBeNull();
  expectCommon(answer);
}

const ROUTES = ["/pixel/v1/page", "/pixel/v1/track", "/pixel/v1/page.gif", "/pixel/v1/track.gif"];
const GIF_ROUTES = ROUTES.filter((route) => route.endsWith(".gif"));
const typeOf = (route: string) => (route.includes("track") ? "track" : "page");

describe("routes", () => {
  for (const route of ROUTES) {
    test(`createApp takes GET ${route}`, async () => {
      const { send, outgoing, counts } = start();
      const answer = await send(`${route}?writeKey=wk_blog&event=e`);
      if (GIF_ROUTES.includes(route)) expectGif(answer, 200);
      else expectText(answer, 200, "OK");
      expect(outgoing.map(({ type, sourceId }) => [type, sourceId])).toEqual([[typeOf(route), "blog"]]);
      expect(counts).toEqual([["published", typeOf(route), "blog", null]]);
    });

    test(`createApp answers HEAD ${route} as a GET, with no event`, async () => {
      const { send, outgoing, rejected, counts } = start();
      for (const query of ["?writeKey=wk_blog&event=e", "?writeKey=nobody", ""]) {
        const answer = await send(route + query, { method: "HEAD" });
        const isGif = GIF_ROUTES.includes(route);
        expect(answer.status).toBe(200);
        expect(answer.body.length).toBe(0);
        expect(answer.headers.get("content-type")).toBe(isGif ? "image/gif" : "text/plain; charset=utf-8");
        expectCommon(answer);
      }
      expect([outgoing, rejected, counts]).toEqual([[], [], []]);
    });

    test(`createApp answers OPTIONS ${route} with 204 and CORS headers`, async () => {
      const { send, outgoing } = start();
      const answer = await send(`${route}?writeKey=wk_blog&event=e`, {
        method: "OPTIONS",
        headers: { Origin: "https://site.example", "Access-Control-Request-Method": "GET" },
      });
      expect(answer.status).toBe(204);
      expect(answer.body.length).toBe(0);
      expect(answer.headers.get("access-control-allow-methods")).toBe("GET, HEAD, OPTIONS");
      expectCommon(answer);
      expect(outgoing).toEqual([]);
    });

    for (const method of ["POST", "PUT", "PATCH", "DELETE", "PROPFIND"]) {
      test(`createApp answers ${method} ${route} with 405 and Allow`, async () => {
        const { send, outgoing, faults } = start();
        const body =
          method === "POST" ? { body: "{{{", headers: { "Content-Type": "application/json" } } : {};
        const answer = await send(`${route}?writeKey=wk_blog&event=e`, { method, ...body });
        expectText(answer, 405, "method not allowed");
        expect(answer.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
        expect([outgoing, faults]).toEqual([[], []]);
      });
    }
  }

  test("createApp answers /health with OK", async () => {
    expectText(await start().send("/health"), 200, "OK");
  });

  const NOWHERE = [
    "/",
    "/pixel",
    "/pixel/v1",
    "/pixel/v1/",
    "/pixel/v1/page/",
    "/pixel/v1/page.png",
    "/pixel/v1/identify",
    "/pixel/v2/page",
    "/PIXEL/v1/page",
    "//pixel/v1/page",
    "/favicon.ico",
    "/metrics",
    "/health/",
    "/%E0%A4%A",
    "/__proto__",
  ];
  for (const path of NOWHERE) {
    test(`createApp answers ${path} with 404`, async () => {
      const { send, outgoing, counts } = start();
      expectText(await send(`${path}?writeKey=wk_blog`), 404, "not found");
      expect([outgoing, counts]).toEqual([[], []]);
    });
  }

  test("createApp answers other methods elsewhere with 404", async () => {
    for (const method of ["POST", "OPTIONS", "DELETE"]) {
      expectText(await start().send("/nowhere", { method }), 404, "not found");
    }
  });
});

describe("replies", () => {
  test("createApp gives an image client the GIF on success and on refusal", async () => {
    const { send } = start();
    expectGif(await send("/pixel/v1/page?writeKey=wk_blog", IMAGE), 200);
    expectGif(await send("/pixel/v1/page?writeKey=nobody", IMAGE), 400, "invalid write key");
    expectGif(
      await send("/pixel/v1/track?writeKey=wk_blog", IMAGE),
      400,
      "track: Mandatory field 'event' missing",
    );
    expectGif(
      await send(`/pixel/v1/page?writeKey=wk_blog&a=${"x".repeat(2048)}`, IMAGE),
      414,
      "request target too long: more than 2048 bytes",
    );
  });

  test("createApp tells a text client OK or the reason", async () => {
    const { send } = start();
    expectText(await send("/pixel/v1/page?writeKey=wk_blog"), 200, "OK");
    expectText(await send("/pixel/v1/page?writeKey=nobody"), 400, "invalid write key");
    expectText(await send("/pixel/v1/page"), 400, "failed to read writekey from query params");
    expectText(
      await send(`/pixel/v1/page?a=${"x".repeat(2048)}`),
      414,
      "request target too long: more than 2048 bytes",
    );
  });

  test("createApp replies as the source says, whatever the client", async () => {
    const { send } = start();
    expectGif(await send("/pixel/v1/page?writeKey=wk_gif"), 200);
    expectGif(await send("/pixel/v1/track?writeKey=wk_gif"), 400, "track: Mandatory field 'event' missing");
    expectText(await send("/pixel/v1/page?writeKey=wk_text", IMAGE), 200, "OK");
    const { headers } = await send("/pixel/v1/page?writeKey=wk_gif", { method: "HEAD" });
    expect(headers.get("content-type")).toBe("image/gif");
  });

  test("createApp answers .gif with the GIF, whatever the client and the source", async () => {
    const { send } = start();
    expectGif(
      await send("/pixel/v1/page.gif?writeKey=wk_text", { headers: { "Sec-Fetch-Dest": "empty" } }),
      200,
    );
    expectGif(await send("/pixel/v1/page.gif?writeKey=nobody"), 400, "invalid write key");
    expectGif(
      await send(`/pixel/v1/page.gif?a=${"x".repeat(2048)}`),
      414,
      "request target too long: more than 2048 bytes",
    );
  });

  test("createApp sets the cookie of a source that keeps one", async () => {
    const { send } = start();
    const { headers } = await send("/pixel/v1/page?writeKey=wk_cookie", IMAGE);
    expect(headers.get("set-cookie")).toStartWith("pixelgate_id=new-1; ");
    const private_ = await send("/pixel/v1/page?writeKey=wk_cookie", { headers: { "Sec-GPC": "1" } });
    expect(private_.headers.get("set-cookie")).toBeNull();
  });

  test("createApp answers a dropped event with 200 and says why", async () => {
    const { send, outgoing, counts, rejected } = start();
    const answer = await send("/pixel/v1/page?writeKey=wk_strict", {
      headers: { "User-Agent": "Googlebot/2.1" },
    });
    expectText(answer, 200, "OK");
    expect(answer.headers.get("x-pixelgate-dropped")).toBe("bot");
    expect([outgoing, rejected]).toEqual([[], []]);
    expect(counts).toEqual([["dropped", "page", "strict", "bot"]]);
  });

  test("createApp answers a source over its rate with 429 and Retry-After", async () => {
    const { send, counts, rejected } = start();
    await send("/pixel/v1/page?writeKey=wk_slow");
    const answer = await send("/pixel/v1/page?writeKey=wk_slow");
    expectText(answer, 429, "source is over its rate limit");
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(counts[1]).toEqual(["rejected", "page", "slow", "source is over its rate limit"]);
    expect(rejected).toEqual([]);
  });
});

describe("delivery", () => {
  test("createApp answers 200 for an event that is in the spool", async () => {
    const { send, counts } = start({ delivered: "spooled" });
    expectText(await send("/pixel/v1/page?writeKey=wk_blog"), 200, "OK");
    expect(counts).toEqual([["spooled", "page", "blog", null]]);
  });

  test("createApp answers 503 with Retry-After for an event that nobody is responsible for", async () => {
    const { send, counts } = start({ delivered: "failed" });
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
    const { send, outgoing, counts } = start({ isOverloaded: true });
    const text = await send("/pixel/v1/page?writeKey=wk_blog");
    expectText(text, 503, "gateway is overloaded: try again");
    expect(text.headers.get("retry-after")).toBe("1");
    expectGif(await send("/pixel/v1/track.gif?writeKey=wk_no"), 503, "gateway is overloaded: try again");
    expect(outgoing).toEqual([]);
    expect(counts).toEqual([
      ["failed", "page", null, "gateway is overloaded: try again"],
      ["failed", "track", null, "gateway is overloaded: try again"],
    ]);
  });

  test("createApp hides a fault of its own behind a plain 500", async () => {
    const { send, faults } = start({ delivered: new Error("secret detail") });
    const answer = await send("/pixel/v1/page?writeKey=wk_blog");
    expectText(answer, 500, "internal error");
    expect(faults.map(String)).toEqual(["Error: secret detail"]);
  });
});

describe("rejected events", () => {
  for (const header of ["Sec-GPC", "DNT"]) {
    test(`createApp shows no refused query with ${header}: 1 where the source promises more than a flag`, async () => {
      const { send, rejected } = start();
      await send("/pixel/v1/track?writeKey=wk_private&userId=u", { headers: { [header]: "1" } });
      expect(rejected).toEqual([]);
      await send("/pixel/v1/track?writeKey=wk_private&userId=u");
      await send("/pixel/v1/track?writeKey=wk_blog&userId=u", { headers: { [header]: "1" } });
      expect(rejected.map(([sourceId]) => sourceId)).toEqual(["private", "blog"]);
    });
  }

  test("createApp shows a refused request that has a valid write key", async () => {
    const { send, rejected, counts } = start();
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

  test("createApp only counts a refused request without a valid write key", async () => {
    const { send, rejected, counts } = start();
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
    const { send, shown } = start({ isWatched: true });
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
    const { send, shown } = start();
    await send("/pixel/v1/page?writeKey=wk_blog");
    expect(shown).toEqual([]);
  });
});
