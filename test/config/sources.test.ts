import { expect, test } from "bun:test";
import { defaultStream } from "../../src/config/environment.ts";
import type { Routing } from "../../src/config/routing.ts";
import type { Source } from "../../src/config/sources.ts";
import { resolved } from "../support/configuration.ts";

const SOURCE = { id: "blog", writeKey: "wk_secret_1", destinations: ["warehouse"] };
const GOOD = { sources: [SOURCE], destinations: [{ id: "warehouse" }] };

const PAGE = { destinationId: "warehouse", subject: "pixel.warehouse.page", stream: "PIXEL" };
const TRACK = { destinationId: "warehouse", subject: "pixel.warehouse.track", stream: "PIXEL" };

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
    routing: {
      page: { destinations: [[PAGE]], common: [PAGE] },
      track: { destinations: [[TRACK]], common: [TRACK] },
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
  const routing = sources.get("wk_secret_1")?.routing;
  const subjectsOf = (routing: Routing | undefined) => routing?.common?.map((route) => route.subject);
  expect(subjectsOf(routing?.page)).toEqual(["acme.px.all.page", "acme.px.pages.page"]);
  expect(subjectsOf(routing?.track)).toEqual(["acme.px.all.track", "acme.px.tracks.track"]);
  const nowhere = { destinations: [], common: [] };
  expect(sources.get("b")?.routing).toEqual({ page: nowhere, track: nowhere });
});

test("linkSources has a route for each partition, in the place of the destination's only one", () => {
  const { sources } = resolved({
    sources: [{ ...SOURCE, destinations: ["alerts", "warehouse"] }],
    destinations: [{ id: "warehouse", stream: "W", partitions: 2 }, { id: "alerts" }],
  });
  const partition = (token: number) => ({
    destinationId: "warehouse",
    subject: `pixel.warehouse.page.${token}`,
    stream: `W_${token}`,
  });
  expect(sources.get("wk_secret_1")?.routing.page).toEqual({
    destinations: [
      [partition(0), partition(1)],
      [{ destinationId: "alerts", subject: "pixel.alerts.page", stream: "PIXEL" }],
    ],
    common: null,
  });
});

test("linkSources gives sources of the same destinations one routing", () => {
  const { sources } = resolved({
    sources: ["a", "b", "c"].map((id) => ({
      id,
      writeKey: id,
      destinations: id === "c" ? ["warehouse"] : ["warehouse", "alerts"],
    })),
    destinations: [{ id: "warehouse" }, { id: "alerts" }],
  });
  expect(sources.get("b")?.routing).toBe(sources.get("a")?.routing as Source["routing"]);
  expect(sources.get("c")?.routing).not.toEqual(sources.get("a")?.routing);
});
