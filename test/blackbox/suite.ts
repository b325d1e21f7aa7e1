// What any gateway must do, told over HTTP to a real process: the same assertions on every runtime and every store.
// The rules: docs/wire-contract.md, "Routes" and "What the runtime answers before we can".
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GIF } from "../../src/pixel/reply.ts";
import { type Gateway, startGateway, untilNatsIsUp } from "../support/gatewayprocess.ts";
import { type RawResponse, sendRaw } from "../support/socket.ts";

/** A message as a subscriber, or the reader of the spool, gets it. */
export interface Arrival {
  readonly subject: string;
  readonly event: Readonly<Record<string, unknown>>;
}

/** Where events end up. */
export interface Store {
  readonly name: string;
  /** Starts what it needs; resolves with the environment that leads a gateway to it. */
  start(): Promise<Record<string, string>>;
  /** Everything that arrived, once `isComplete` says so, and within a few seconds whatever it says. */
  arrivals(gateway: Gateway, isComplete: (arrivals: readonly Arrival[]) => boolean): Promise<Arrival[]>;
  stop(): Promise<void>;
}

export interface Runtime {
  readonly name: string;
  readonly command: readonly string[];
  /** What the runtime's own HTTP server answers before any code of ours runs; null where it leaves the request to us. */
  readonly refuses: {
    readonly missingHost: number | null;
    readonly url70kB: number | null;
    readonly invalidUtf8: number | null;
  };
  /** Whether a request may follow on the same connection before the answer to the last one is known. */
  readonly pipelinesPending: boolean;
}

const CONFIG = {
  sources: [
    { id: "site", writeKey: "wk_site", destinations: ["warehouse", "alerts"] },
    { id: "off", writeKey: "wk_off", destinations: ["warehouse"], enabled: false },
    { id: "mail", writeKey: "wk_mail", destinations: ["warehouse"], reply: "gif" },
    { id: "visitor", writeKey: "wk_visitor", destinations: ["warehouse"], anonymousId: "cookie" },
    {
      id: "strict",
      writeKey: "wk_strict",
      destinations: ["warehouse"],
      bots: "drop",
      privacySignals: "drop",
    },
  ],
  destinations: [{ id: "warehouse" }, { id: "alerts", events: ["track"] }],
};

const BROWSER = {
  "User-Agent":
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
};
const IMAGE = { ...BROWSER, "Sec-Fetch-Dest": "image", Accept: "image/avif,image/webp,*/*;q=0.8" };
const TEXT = { "User-Agent": "check/1.0", Accept: "*/*" };
const COMMON = {
  "cache-control": "no-store, no-cache, must-revalidate, private",
  "access-control-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
};
const GIF_TEXT = Buffer.from(GIF).toString("latin1");

/** Declares the suite for one runtime and one store. */
export function describeGateway(runtime: Runtime, store: Store): void {
  describe(`on ${runtime.name}, into ${store.name}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "pixelgate-blackbox-"));
    let gateway: Gateway;
    let ids = 0;
    /** The id in the cookie of a visitor. */
    let visitor = "";
    /** Subjects that must have got each event that was accepted, by message id. */
    const expected = new Map<string, readonly string[]>();

    beforeAll(async () => {
      const config = join(folder, "pixelgate.json");
      writeFileSync(config, JSON.stringify(CONFIG));
      const env = await store.start();
      gateway = await startGateway({
        command: runtime.command,
        env: { ...env, PIXELGATE_CONFIG: config, TRUSTED_PROXIES: "127.0.0.0/8" },
      });
      if ("NATS_URL" in env) await untilNatsIsUp(gateway);
    }, 40_000);

    afterAll(async () => {
      const code = await gateway?.stop();
      await store.stop();
      rmSync(folder, { recursive: true });
      expect(code).toBe(0);
    }, 40_000);

    /** A message id that must arrive at these subjects. */
    function willArrive(...subjects: string[]): string {
      const messageId = `m-${++ids}`;
      expected.set(messageId, subjects);
      return messageId;
    }

    const PAGE = ["pixel.warehouse.page"];
    const TRACK = ["pixel.alerts.track", "pixel.warehouse.track"];

    async function get(target: string, headers: Record<string, string> = TEXT, method = "GET") {
      const response = await fetch(gateway.url + target, { method, headers });
      return { response, body: Buffer.from(await response.arrayBuffer()).toString("latin1") };
    }

    async function expectAnswer(
      target: string,
      headers: Record<string, string>,
      status: number,
      body: string,
      more: Record<string, string> = {},
    ): Promise<void> {
      const { response, body: found } = await get(target, headers);
      const isGif = body === GIF_TEXT;
      const wanted = {
        ...COMMON,
        "content-type": isGif ? "image/gif" : "text/plain; charset=utf-8",
        ...more,
      };
      const names = Object.keys(wanted);
      expect(response.status).toBe(status);
      expect(found).toBe(body);
      expect(Object.fromEntries(names.map((name) => [name, response.headers.get(name)]))).toEqual(wanted);
    }

    test("GET takes a page from a text client with OK", async () => {
      const target = `/pixel/v1/page?writeKey=wk_site&name=Home&messageId=${willArrive(...PAGE)}`;
      await expectAnswer(target, TEXT, 200, "OK");
    });

    test("GET takes a page from an image client with the GIF", async () => {
      const target = `/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(...PAGE)}`;
      await expectAnswer(target, IMAGE, 200, GIF_TEXT);
    });

    test("GET takes a track, for every destination that admits it", async () => {
      const target = `/pixel/v1/track?writeKey=wk_site&event=Signed+Up&messageId=${willArrive(...TRACK)}`;
      await expectAnswer(target, TEXT, 200, "OK");
    });

    test("GET answers .gif with the GIF, whoever asks", async () => {
      const page = `/pixel/v1/page.gif?writeKey=wk_site&messageId=${willArrive(...PAGE)}`;
      const track = `/pixel/v1/track.gif?writeKey=wk_site&event=e&messageId=${willArrive(...TRACK)}`;
      await expectAnswer(page, TEXT, 200, GIF_TEXT);
      await expectAnswer(track, TEXT, 200, GIF_TEXT);
    });

    test("GET answers in the form a source pins", async () => {
      await expectAnswer(
        `/pixel/v1/page?writeKey=wk_mail&messageId=${willArrive(...PAGE)}`,
        TEXT,
        200,
        GIF_TEXT,
      );
    });

    test("GET refuses with the reason, as text or beside the GIF", async () => {
      const rows: readonly [target: string, reason: string][] = [
        ["/pixel/v1/page", "failed to read writekey from query params"],
        ["/pixel/v1/page?writeKey=nobody", "invalid write key"],
        ["/pixel/v1/page?writeKey=wk_off", "source is disabled"],
        ["/pixel/v1/track?writeKey=wk_site", "track: Mandatory field 'event' missing"],
        ["/pixel/v1/page?writeKey=wk_site&context=x", "context must be an object"],
        [`/pixel/v1/page?writeKey=wk_site${"&a=1".repeat(512)}`, "too many query parameters: more than 512"],
        [
          `/pixel/v1/page?writeKey=wk_site&${"a.".repeat(32)}a=1`,
          "query key too deep: more than 32 segments",
        ],
      ];
      for (const [target, reason] of rows) {
        await expectAnswer(target, TEXT, 400, reason);
        await expectAnswer(target, IMAGE, 400, GIF_TEXT, { "x-pixelgate-error": reason });
      }
    });

    test("GET refuses a URL over 16 KiB with a 414 of ours", async () => {
      const reason = "request target too long: more than 16384 bytes";
      const query = `?writeKey=wk_site&a=${"x".repeat(17_000)}`;
      await expectAnswer(`/pixel/v1/page${query}`, TEXT, 414, reason);
      await expectAnswer(`/pixel/v1/page${query}`, IMAGE, 414, GIF_TEXT, { "x-pixelgate-error": reason });
      await expectAnswer(`/pixel/v1/page.gif${query}`, TEXT, 414, GIF_TEXT, { "x-pixelgate-error": reason });
    });

    test("GET takes a URL of 16 KiB", async () => {
      const start = `/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(...PAGE)}&a=`;
      await expectAnswer(start + "x".repeat(16_384 - start.length), TEXT, 200, "OK");
    });

    test("GET drops what the source's policy drops, and says so", async () => {
      const target = "/pixel/v1/page?writeKey=wk_strict&messageId=dropped";
      const bot = { "User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)", Accept: "*/*" };
      await expectAnswer(target, bot, 200, GIF_TEXT, { "x-pixelgate-dropped": "bot" });
      await expectAnswer(target, { ...BROWSER, "Sec-Fetch-Dest": "empty", "Sec-GPC": "1" }, 200, "OK", {
        "x-pixelgate-dropped": "gpc",
      });
      await expectAnswer(target, { ...IMAGE, DNT: "1" }, 200, GIF_TEXT, { "x-pixelgate-dropped": "dnt" });
    });

    test("GET gives a visitor a cookie, and knows it again", async () => {
      const first = `/pixel/v1/page?writeKey=wk_visitor&messageId=${willArrive(...PAGE)}`;
      const cookie = (await get(first, IMAGE)).response.headers.get("set-cookie") ?? "";
      expect(cookie).toMatch(/^pixelgate_id=[0-9a-f-]{36}; /);
      for (const part of ["HttpOnly", "Secure", "SameSite=None", "Max-Age=31536000"])
        expect(cookie).toContain(part);
      const again = `/pixel/v1/page?writeKey=wk_visitor&name=again&messageId=${willArrive(...PAGE)}`;
      const { response } = await get(again, { ...IMAGE, Cookie: cookie.split(";")[0] ?? "" });
      expect(response.headers.get("set-cookie")).toBeNull();
      visitor = cookie.slice("pixelgate_id=".length, cookie.indexOf(";"));
    });
    test("HEAD has the headers of a GET, and makes no event", async () => {
      for (const target of [
        "/pixel/v1/page",
        "/pixel/v1/track",
        "/pixel/v1/page.gif",
        "/pixel/v1/track.gif",
      ]) {
        const { response, body } = await get(
          `${target}?writeKey=wk_site&event=e&messageId=head`,
          TEXT,
          "HEAD",
        );
        expect(response.status).toBe(200);
        expect(body).toBe("");
        const type = target.endsWith(".gif") ? "image/gif" : "text/plain; charset=utf-8";
        expect(response.headers.get("content-type")).toBe(type);
        expect(response.headers.get("content-length")).toBe(target.endsWith(".gif") ? "43" : "2");
      }
    });

    test("OPTIONS admits every page", async () => {
      for (const target of ["/pixel/v1/page", "/pixel/v1/track.gif"]) {
        const { response, body } = await get(target, { Origin: "https://site.example" }, "OPTIONS");
        expect(response.status).toBe(204);
        expect(body).toBe("");
        expect(response.headers.get("access-control-allow-origin")).toBe("*");
        expect(response.headers.get("access-control-allow-methods")).toBe("GET, HEAD, OPTIONS");
        expect(response.headers.get("access-control-allow-credentials")).toBeNull();
      }
    });

    test("other methods get 405 with Allow", async () => {
      for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
        const target = "/pixel/v1/track?writeKey=wk_site&event=e&messageId=method";
        const { response, body } = await get(target, { ...TEXT, "Content-Type": "application/json" }, method);
        expect([response.status, body]).toEqual([405, "method not allowed"]);
        expect(response.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
      }
    });

    test("/health says OK, and anything else is a plain 404", async () => {
      await expectAnswer("/health", TEXT, 200, "OK");
      for (const target of [
        "/",
        "/pixel/v1/page/",
        "/pixel/v1/identify",
        "/PIXEL/v1/page",
        "/metrics",
        "/%E0%A4%A",
      ]) {
        await expectAnswer(target, IMAGE, 404, "not found");
      }
    });

    async function raw(bytes: string | Uint8Array, methods?: readonly string[]): Promise<RawResponse[]> {
      return await sendRaw(gateway.port, bytes, methods);
    }

    /** A GET as it goes over the wire. */
    function written(target: string, more = ""): string {
      return `GET ${target} HTTP/1.1\r\nHost: pixel.example\r\n${more}\r\n`;
    }

    function expectOk(responses: readonly RawResponse[]): void {
      expect(responses.map(({ status, body }) => [status, body])).toEqual([[200, "OK"]]);
    }

    test("HTTP/1.0 without Host is served, as load balancers probe", async () => {
      const target = `/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(...PAGE)}&context.page.url=https://a.example/b?c`;
      expectOk(await raw(`GET ${target} HTTP/1.0\r\n\r\n`));
      expectOk(await raw("GET /health HTTP/1.0\r\n\r\n"));
      const [response] = await raw("GET /nowhere HTTP/1.0\r\n\r\n");
      expect(response?.status).toBe(404);
    });

    const { missingHost, url70kB, invalidUtf8 } = runtime.refuses;

    test(`HTTP/1.1 without Host ${missingHost === null ? "is served" : `is refused by ${runtime.name} with ${missingHost}, as RFC 9112 asks`}`, async () => {
      const messageId = missingHost === null ? willArrive(...PAGE) : "no-host";
      const responses = await raw(
        `GET /pixel/v1/page?writeKey=wk_site&messageId=${messageId} HTTP/1.1\r\n\r\n`,
      );
      expect(responses[0]?.status).toBe(missingHost ?? 200);
    });

    test("an empty Host is served", async () => {
      const target = `/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(...PAGE)}`;
      expectOk(await raw(`GET ${target} HTTP/1.1\r\nHost:\r\n\r\n`));
    });

    test(`a URL of 70 KB ${url70kB === null ? "gets a 414 of ours" : `is refused by ${runtime.name}'s server, which reads targets up to 64 KiB, with ${url70kB}`}`, async () => {
      const [response] = await raw(
        written(`/pixel/v1/page.gif?writeKey=wk_site&messageId=long&a=${"x".repeat(70_000)}`),
      );
      expect(response?.status).toBe(url70kB ?? 414);
      if (url70kB === null) expect(response?.body).toBe(GIF_TEXT);
    });

    test("a target in absolute form is served", async () => {
      const target = `http://proxied.example/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(...PAGE)}`;
      expectOk(await raw(written(target)));
    });

    test("pipelined requests are answered in order", async () => {
      const refused = "/pixel/v1/track?writeKey=wk_site";
      const bytes = [refused, "/health", "/pixel/v1/page.gif", "/nowhere"].map((target) => written(target));
      const responses = await raw(bytes.join(""), ["GET", "GET", "GET", "GET"]);
      expect(responses.map(({ status, body }) => [status, body])).toEqual([
        [400, "track: Mandatory field 'event' missing"],
        [200, "OK"],
        [400, GIF_TEXT],
        [404, "not found"],
      ]);
    });

    const { pipelinesPending } = runtime;
    const pendingTitle = pipelinesPending
      ? "is answered after it"
      : `ends the connection, for ${runtime.name}'s server cannot hold it: an event is answered for when it is safe`;
    test(`a request pipelined behind an accepted event ${pendingTitle}`, async () => {
      const page = `/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(...PAGE)}`;
      const next = pipelinesPending ? willArrive(...TRACK) : "never-read";
      const track = `/pixel/v1/track.gif?writeKey=wk_site&event=e&messageId=${next}`;
      const responses = await raw(written(page) + written(track), ["GET", "GET"]);
      const answers: [number, string][] = [
        [200, "OK"],
        [200, GIF_TEXT],
      ];
      expect(responses.map(({ status, body }) => [status, body])).toEqual(pipelinesPending ? answers : []);
    });

    test("HEAD sends no body, and the connection goes on", async () => {
      const head = "HEAD /pixel/v1/page.gif?writeKey=wk_site HTTP/1.1\r\nHost: x\r\n\r\n";
      const [first, second] = await raw(head + written("/health"), ["HEAD", "GET"]);
      expect(first?.headers.get("content-length")).toBe("43");
      expect([second?.status, second?.body]).toEqual([200, "OK"]);
    });

    test("a query ends at #", async () => {
      const target = `/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(...PAGE)}&name=hash#b&name2=c`;
      expectOk(await raw(written(target)));
    });

    test("characters that browsers send raw are kept", async () => {
      const target = `/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(...PAGE)}&name=raw&t={{id}}*|E|*^[];\`\\50%%20off`;
      expectOk(await raw(written(target)));
    });

    test("UTF-8 bytes are read as UTF-8", async () => {
      const target = `/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(...PAGE)}&name=café+☕`;
      expectOk(await raw(Buffer.from(written(target), "utf8")));
    });

    test(`bytes that are not UTF-8 ${invalidUtf8 === null ? "become U+FFFD" : `are refused by ${runtime.name}'s server with ${invalidUtf8}`}`, async () => {
      const messageId = invalidUtf8 === null ? willArrive(...PAGE) : "latin1";
      const target = `/pixel/v1/page?writeKey=wk_site&messageId=${messageId}&name=caf\xe9`;
      const [response] = await raw(Buffer.from(written(target), "latin1"));
      expect(response?.status).toBe(invalidUtf8 ?? 200);
    });

    test("a forged X-Forwarded-For reaches no further than the proxies that are trusted", async () => {
      const target = `/pixel/v1/page?writeKey=wk_site&name=proxied&messageId=${willArrive(...PAGE)}`;
      await get(target, { ...TEXT, "X-Forwarded-For": "1.1.1.1, 203.0.113.5, 127.0.0.9" });
    });

    test("every accepted event arrived at each of its subjects once, and nothing else did", async () => {
      const wanted = [...expected]
        .flatMap(([id, subjects]) => subjects.map((subject) => `${id} ${subject}`))
        .sort();
      const arrivals = await store.arrivals(gateway, (found) => found.length >= wanted.length);
      expect(arrivals.map(({ subject, event }) => `${event.messageId} ${subject}`).sort()).toEqual(wanted);

      const named = (name: string) => arrivals.find(({ event }) => event.name === name)?.event;
      expect(named("Home")).toMatchObject({ type: "page", channel: "web", request_ip: "127.0.0.1" });
      expect(named("Home")).not.toHaveProperty("writeKey");
      expect(named("again")).toMatchObject({
        anonymousId: visitor,
        context: { gateway: { identity: "cookie" } },
      });
      expect(named("hash")).not.toHaveProperty("name2");
      expect(named("raw")).toMatchObject({ t: "{{id}}*|E|*^[];`\\50% off" });
      expect(named("café ☕")).toBeDefined();
      if (invalidUtf8 === null) expect(named("caf\uFFFD")).toBeDefined();
      expect(named("proxied")).toMatchObject({ request_ip: "203.0.113.5", context: { ip: "203.0.113.5" } });
    }, 15_000);
  });
}
