import { expect, test } from "bun:test";
import { defaultStream } from "../../src/config/environment.ts";
import { resolved } from "../support/configuration.ts";

const SOURCE = { id: "blog", writeKey: "wk_secret_1", destinations: ["warehouse"] };
const GOOD = { sources: [SOURCE], destinations: [{ id: "warehouse" }] };

const source = (change: object) => ({ ...GOOD, sources: [{ ...SOURCE, ...change }] });

test("linkSources fills every policy with its default", () => {
  expect(resolved(GOOD).sources.get("wk_secret_1")).toEqual({
    id: "blog",
    writeKey: "wk_secret_1",
    enabled: true,
    anonymousId: "assign",
    reply: null,
    ip: "keep",
    privacySignals: "flag",
    bots: "flag",
    dedupe: null,
    rateLimit: null,
    routes: {
      page: [{ destinationId: "warehouse", subject: "pixel.warehouse.page", stream: "PIXEL" }],
      track: [{ destinationId: "warehouse", subject: "pixel.warehouse.track", stream: "PIXEL" }],
    },
  });
});

test("linkSources keeps every policy that is given", () => {
  const policies = {
    enabled: false,
    anonymousId: "cookie",
    reply: "gif",
    ip: "truncate",
    privacySignals: "anonymise",
    bots: "drop",
    dedupe: "messageId",
    rateLimit: 10,
  };
  expect(resolved(source(policies)).sources.get("wk_secret_1")).toMatchObject(policies);
});

test("linkSources routes to enabled destinations that admit the type, under the prefix", () => {
  const content = {
    sources: [
      { ...SOURCE, destinations: ["all", "tracks", "off", "pages"] },
      { ...SOURCE, id: "b", writeKey: "b", destinations: [] },
    ],
    destinations: [
      { id: "all" },
      { id: "tracks", events: ["track"] },
      { id: "pages", events: ["page"], enabled: true },
      { id: "off", enabled: false },
      { id: "unused" },
    ],
  };
  const { sources } = resolved(content, { ...defaultStream(), prefix: "acme.px" });
  const routes = sources.get("wk_secret_1")?.routes;
  expect(routes?.page.map((route) => route.subject)).toEqual(["acme.px.all.page", "acme.px.pages.page"]);
  expect(routes?.track.map((route) => route.subject)).toEqual(["acme.px.all.track", "acme.px.tracks.track"]);
  expect(sources.get("b")?.routes).toEqual({ page: [], track: [] });
});
