import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Dropped } from "../../src/pixel/build.ts";
import { decodePayload } from "../../src/pixel/payload.ts";
import { accepted, decideOf, eventOf, page, requestOf } from "../support/decisions.ts";

describe("outgoing", () => {
  test("createDecide routes a page to the enabled destinations that admit pages", () => {
    const { outgoing } = accepted(decideOf()(requestOf(page("writeKey=wk_blog&anonymousId=a&messageId=m"))));
    expect({ ...outgoing, payload: JSON.parse(decodePayload(outgoing.payload)) }).toEqual({
      id: "new-1",
      sourceId: "blog",
      type: "page",
      routes: [{ destinationId: "warehouse", subject: "pixel.warehouse.page", stream: "PIXEL" }],
      payload: {
        type: "page",
        anonymousId: "a",
        messageId: "m",
        channel: "web",
        integrations: { All: true },
        context: { ip: "192.0.2.1", gateway: { sourceId: "blog", identity: "client", flags: [] } },
        request_ip: "192.0.2.1",
        originalTimestamp: "2026-11-23T10:00:00.000Z",
        sentAt: "2026-11-23T10:00:00.000Z",
        receivedAt: "2026-11-23T10:00:00.000Z",
        timestamp: "2026-11-23T10:00:00.000Z",
      },
    });
  });

  test("createDecide routes a track to every enabled destination", () => {
    const { outgoing } = accepted(decideOf()(requestOf("/pixel/v1/track?writeKey=wk_blog&event=e")));
    expect(outgoing.routes.map((route) => route.subject)).toEqual([
      "pixel.warehouse.track",
      "pixel.alerts.track",
    ]);
  });

  test("createDecide accepts an event that no destination takes", () => {
    expect(accepted(decideOf()(requestOf(page("writeKey=wk_nowhere")))).outgoing.routes).toEqual([]);
  });

  test("createDecide gives each accepted request an id of its own, whatever messageId it has", () => {
    const decide = decideOf();
    const request = requestOf(page("writeKey=wk_blog&anonymousId=a&messageId=same"));
    expect(accepted(decide(request)).outgoing.id).not.toBe(accepted(decide(request)).outgoing.id);
  });

  const tokens: readonly [rule: string, messageId: string, id: RegExp][] = [
    ["takes the messageId of a source that dedupes", "order-1", /^once\.order-1$/],
    ["trims it first", "%20order-1%20", /^once\.order-1$/],
    ["hashes one with a space", "order%201", /^once\.[\w-]{43}$/],
    ["hashes one with a line break", "a%0D%0AX:1", /^once\.[\w-]{43}$/],
    ["hashes one that is not ASCII", "caf%C3%A9", /^once\.[\w-]{43}$/],
    ["assigns one where there is none", "", /^once\.new-\d$/],
  ];
  for (const [rule, messageId, id] of tokens) {
    test(`createDecide ${rule}`, () => {
      const request = requestOf(page(`writeKey=wk_once&anonymousId=a&messageId=${messageId}`));
      const first = accepted(decideOf()(request)).outgoing.id;
      expect(first).toMatch(id);
      expect(accepted(decideOf()(request)).outgoing.id).toBe(first);
    });
  }

  test("createDecide keeps client text out of subjects and header ids", () => {
    const text = fc
      .string({ unit: "binary", maxLength: 40 })
      .map((value) => encodeURIComponent(value.toWellFormed()));
    fc.assert(
      fc.property(text, text, (messageId, name) => {
        const query = `writeKey=wk_once&messageId=${messageId}&name=${name}&type=${name}`;
        const { outgoing } = accepted(decideOf()(requestOf(page(query))));
        expect(outgoing.id).toMatch(/^once\.[A-Za-z0-9_.:@=+/-]+$/);
        expect(outgoing.routes.map((route) => route.subject)).toEqual(["pixel.warehouse.page"]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("what the headers say", () => {
  test("createDecide puts what it saw on the event", () => {
    const headers = { "User-Agent": "Googlebot/2.1", Purpose: "prefetch", "Sec-GPC": "1", DNT: "1" };
    const event = eventOf(decideOf()(requestOf(page("writeKey=wk_blog&anonymousId=a"), headers)));
    const flags = ["bot", "prefetch", "gpc", "dnt"];
    expect(event.context?.gateway).toEqual({ sourceId: "blog", identity: "client", flags });
  });

  const drops: readonly [rule: string, headers: Record<string, string>, reason: Dropped["reason"]][] = [
    ["bots", { "User-Agent": "Googlebot/2.1" }, "bot"],
    ["Sec-GPC", { "Sec-GPC": "1" }, "gpc"],
    ["DNT", { DNT: "1" }, "dnt"],
  ];
  for (const [rule, headers, reason] of drops) {
    test(`createDecide drops ${rule} where the source says so`, () => {
      const decision = decideOf()(requestOf(page("writeKey=wk_strict"), headers));
      expect(decision).toMatchObject({ outcome: "dropped", reason, source: { id: "strict" } });
    });
  }

  test("createDecide fills the context from User-Agent, Accept-Language and Referer", () => {
    const headers = {
      "User-Agent": "Agent/1",
      "Accept-Language": "de-CH,de;q=0.9",
      Referer: "https://site.example/a",
    };
    const { context } = eventOf(decideOf()(requestOf(page("writeKey=wk_blog"), headers)));
    expect(context).toMatchObject({
      userAgent: "Agent/1",
      locale: "de-CH",
      page: { url: "https://site.example/a" },
    });
  });

  test("createDecide reads and sets the cookie of a source that keeps one", () => {
    const id = "0f9ac4c3-6f5e-4f9a-8f5d-2f6f3f0a9c11";
    const request = requestOf(page("writeKey=wk_cookie"));
    expect(accepted(decideOf()(request)).setCookie).toStartWith("pixelgate_id=new-1; ");
    const back = decideOf()({ ...request, headers: new Headers({ Cookie: `pixelgate_id=${id}` }) });
    expect(accepted(back).setCookie).toBeNull();
    expect(eventOf(back)).toMatchObject({ anonymousId: id, context: { gateway: { identity: "cookie" } } });
  });

  test("createDecide believes X-Forwarded-For from a trusted proxy alone", () => {
    const request = requestOf(
      page("writeKey=wk_blog"),
      { "X-Forwarded-For": "203.0.113.5, 10.0.0.2" },
      "10.0.0.1",
    );
    expect(eventOf(decideOf()(request))).toMatchObject({
      request_ip: "10.0.0.1",
      context: { ip: "10.0.0.1" },
    });
    expect(eventOf(decideOf({ trusted: "10.0.0.0/8" })(request))).toMatchObject({
      request_ip: "203.0.113.5",
      context: { ip: "203.0.113.5" },
    });
  });

  test("createDecide gives no address where the runtime knows no peer", () => {
    const event = eventOf(decideOf()(requestOf(page("writeKey=wk_blog"), {}, null)));
    expect(event.request_ip).toBeUndefined();
    expect(event.context?.ip).toBeUndefined();
  });
});
