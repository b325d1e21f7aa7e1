// A public app over parts that take notes, asked without a socket, and what its answers look like.
import { expect } from "bun:test";
import type { Delivered, Outgoing } from "../../src/delivery/outgoing.ts";
import type { LiveRecord } from "../../src/observe/observer.ts";
import { Plans } from "../../src/pixel/plan/plans.ts";
import { GIF } from "../../src/pixel/reply.ts";
import { createApp } from "../../src/server/app.ts";
import { createDecide } from "../../src/server/decide.ts";
import { createRateLimiter } from "../../src/server/ratelimiter.ts";
import { resolved } from "./configuration.ts";

/** When every request is received. */
export const NOW = "2026-11-23T10:00:00.000Z";

/** A source for each policy that an answer depends on. */
export const { sources: SOURCES } = resolved({
  sources: [
    { id: "blog", writeKey: "wk_blog", destinations: ["warehouse"] },
    { id: "off", writeKey: "wk_off", destinations: ["warehouse"], enabled: false },
    { id: "gif", writeKey: "wk_gif", destinations: ["warehouse"], reply: "gif" },
    { id: "text", writeKey: "wk_text", destinations: ["warehouse"], reply: "text" },
    { id: "slow", writeKey: "wk_slow", destinations: ["warehouse"], rateLimit: 1 },
    { id: "strict", writeKey: "wk_strict", destinations: ["warehouse"], bots: "drop" },
    { id: "cookie", writeKey: "wk_cookie", destinations: ["warehouse"], anonymousId: "cookie" },
    { id: "private", writeKey: "wk_private", destinations: ["warehouse"], privacySignals: "anonymise" },
    { id: "placeless", writeKey: "wk_placeless", destinations: ["warehouse"], ip: "drop" },
  ],
  destinations: [{ id: "warehouse" }],
});

/** How the parts around the app behave. */
interface Options {
  /** How delivery ends, or an error that it throws. */
  readonly delivered?: Delivered | Error;
  readonly isWatched?: boolean;
  readonly isOverloaded?: boolean;
  readonly plans?: Plans;
}

/** A public app over a delivery that takes notes. The real one has tests of its own, and the black-box suite joins both. */
export function startApp(options: Options = {}) {
  const { delivered = "published", isWatched = false, isOverloaded = false, plans = new Plans() } = options;
  const outgoing: Outgoing[] = [];
  const rejected: unknown[][] = [];
  const counts: unknown[][] = [];
  const shown: LiveRecord[] = [];
  const faults: unknown[] = [];
  const peersOf: string[] = [];
  let ids = 0;
  const app = createApp({
    decide: createDecide({
      maxUrlBytes: 2048,
      trustedProxies: null,
      sources: () => SOURCES,
      newId: () => `new-${++ids}`,
      rateLimiter: createRateLimiter(1),
      plans,
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
    peer: ({ url }) => {
      peersOf.push(url);
      return "192.0.2.1";
    },
    onFault: (error) => faults.push(error),
  });

  async function send(target: string, init: RequestInit = {}) {
    const response = await app.handle(new Request(`http://p.example${target}`, init));
    const body = new Uint8Array(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, body, text: new TextDecoder().decode(body) };
  }
  return { app, send, outgoing, rejected, counts, shown, faults, peersOf };
}

/** What a client gets. */
type Answer = Awaited<ReturnType<ReturnType<typeof startApp>["send"]>>;

/** What a browser sends for an image. */
export const IMAGE = { headers: { "Sec-Fetch-Dest": "image" } };

/** The headers of every answer. */
export function expectCommon({ headers }: Answer): void {
  expect(headers.get("cache-control")).toBe("no-store, no-cache, must-revalidate, private");
  expect(headers.get("access-control-allow-origin")).toBe("*");
  expect(headers.get("access-control-allow-credentials")).toBeNull();
  expect(headers.get("cross-origin-resource-policy")).toBe("cross-origin");
}

/** The GIF, whatever the status; the reason in a header. */
export function expectGif(answer: Answer, status: number, error: string | null = null): void {
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toBe("image/gif");
  expect(answer.body).toEqual(GIF);
  expect(answer.headers.get("x-pixelgate-error")).toBe(error);
  expectCommon(answer);
}

/** A line of text, the reason in it. */
export function expectText(answer: Answer, status: number, text: string): void {
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(answer.text).toBe(text);
  expect(answer.headers.get("x-pixelgate-error")).toBeNull();
  expectCommon(answer);
}
