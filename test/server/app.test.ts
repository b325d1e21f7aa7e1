// The rules: docs/wire-contract.md, "Routes".
import { describe, expect, test } from "bun:test";
import { expectCommon, expectGif, expectText, startApp } from "../support/publicapp.ts";

const ROUTES = ["/pixel/v1/page", "/pixel/v1/track", "/pixel/v1/page.gif", "/pixel/v1/track.gif"];
const GIF_ROUTES = ROUTES.filter((route) => route.endsWith(".gif"));
const typeOf = (route: string) => (route.includes("track") ? "track" : "page");

describe("routes", () => {
  for (const route of ROUTES) {
    test(`createApp takes GET ${route}`, async () => {
      const { send, outgoing, counts } = startApp();
      const answer = await send(`${route}?writeKey=wk_blog&event=e`);
      if (GIF_ROUTES.includes(route)) expectGif(answer, 200);
      else expectText(answer, 200, "OK");
      expect(outgoing.map(({ type, sourceId }) => [type, sourceId])).toEqual([[typeOf(route), "blog"]]);
      expect(counts).toEqual([["published", typeOf(route), "blog", null]]);
    });

    test(`createApp answers HEAD ${route} as a GET, with no event`, async () => {
      const { send, outgoing, rejected, counts } = startApp();
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
      const { send, outgoing } = startApp();
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
        const { send, outgoing, faults } = startApp();
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
    expectText(await startApp().send("/health"), 200, "OK");
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
      const { send, outgoing, counts } = startApp();
      expectText(await send(`${path}?writeKey=wk_blog`), 404, "not found");
      expect([outgoing, counts]).toEqual([[], []]);
    });
  }

  test("createApp answers other methods elsewhere with 404", async () => {
    for (const method of ["POST", "OPTIONS", "DELETE"]) {
      expectText(await startApp().send("/nowhere", { method }), 404, "not found");
    }
  });
});
