// How a gateway answers pixels, and what else it is asked: methods, other paths. The rules: docs/wire-contract.md, "Routes".
import { expect, test } from "bun:test";
import { BROWSER, GIF_TEXT, IMAGE, PAGE, TEXT, TRACK, type World } from "./world.ts";

/** Declares the tests of pixels. */
export function testPixels(world: World): void {
  const { get, expectAnswer, willArrive } = world;

  test("GET takes a page from a text client with OK", async () => {
    const target = `/pixel/v1/page?writeKey=wk_site&name=Home&messageId=${willArrive(PAGE)}`;
    await expectAnswer(target, TEXT, 200, "OK");
  });

  test("GET takes a page from an image client with the GIF", async () => {
    const target = `/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(PAGE)}`;
    await expectAnswer(target, IMAGE, 200, GIF_TEXT);
  });

  test("GET takes a track, for every destination that admits it", async () => {
    const target = `/pixel/v1/track?writeKey=wk_site&event=Signed+Up&messageId=${willArrive(TRACK)}`;
    await expectAnswer(target, TEXT, 200, "OK");
  });

  test("GET answers .gif with the GIF, whoever asks", async () => {
    const page = `/pixel/v1/page.gif?writeKey=wk_site&messageId=${willArrive(PAGE)}`;
    const track = `/pixel/v1/track.gif?writeKey=wk_site&event=e&messageId=${willArrive(TRACK)}`;
    await expectAnswer(page, TEXT, 200, GIF_TEXT);
    await expectAnswer(track, TEXT, 200, GIF_TEXT);
  });

  test("GET answers in the form a source pins", async () => {
    await expectAnswer(`/pixel/v1/page?writeKey=wk_mail&messageId=${willArrive(PAGE)}`, TEXT, 200, GIF_TEXT);
  });

  test("GET refuses with the reason, as text or beside the GIF", async () => {
    const rows: readonly [target: string, reason: string][] = [
      ["/pixel/v1/page", "failed to read writekey from query params"],
      ["/pixel/v1/page?writeKey=nobody", "invalid write key"],
      ["/pixel/v1/page?writeKey=wk_off", "source is disabled"],
      ["/pixel/v1/track?writeKey=wk_site", "track: Mandatory field 'event' missing"],
      ["/pixel/v1/page?writeKey=wk_site&context=x", "context must be an object"],
      [`/pixel/v1/page?writeKey=wk_site${"&a=1".repeat(512)}`, "too many query parameters: more than 512"],
      [`/pixel/v1/page?writeKey=wk_site&${"a.".repeat(32)}a=1`, "query key too deep: more than 32 segments"],
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
    const start = `/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(PAGE)}&a=`;
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
    const first = `/pixel/v1/page?writeKey=wk_visitor&messageId=${willArrive(PAGE)}`;
    const cookie = (await get(first, IMAGE)).response.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(/^pixelgate_id=[0-9a-f-]{36}; /);
    for (const part of ["HttpOnly", "Secure", "SameSite=None", "Max-Age=31536000"])
      expect(cookie).toContain(part);
    const again = `/pixel/v1/page?writeKey=wk_visitor&name=again&messageId=${willArrive(PAGE)}`;
    const { response } = await get(again, { ...IMAGE, Cookie: cookie.split(";")[0] ?? "" });
    expect(response.headers.get("set-cookie")).toBeNull();
    world.visitor = cookie.slice("pixelgate_id=".length, cookie.indexOf(";"));
  });
}

/** Declares the tests of everything that makes no event. */
export function testOthers({ get, expectAnswer }: World): void {
  test("HEAD has the headers of a GET, and makes no event", async () => {
    for (const target of ["/pixel/v1/page", "/pixel/v1/track", "/pixel/v1/page.gif", "/pixel/v1/track.gif"]) {
      const { response, body } = await get(`${target}?writeKey=wk_site&event=e&messageId=head`, TEXT, "HEAD");
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
}
