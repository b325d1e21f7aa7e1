import { afterAll, describe, expect } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContextOptions } from "playwright-core";
import { openChromium } from "../support/chromium.ts";
import { type Gateway, startGateway } from "../support/gatewayprocess.ts";
import { whyNot } from "../support/system.ts";
import { unless } from "../support/unless.ts";
import { createSpoolStore } from "./stores.ts";

const { test, beforeAll } = unless(whyNot("chromium"));

const CONFIG = {
  sources: [
    { id: "site", writeKey: "wk_site", destinations: ["warehouse"] },
    { id: "visitor", writeKey: "wk_visitor", destinations: ["warehouse"], anonymousId: "cookie" },
  ],
  destinations: [{ id: "warehouse" }],
};

/** Pixels that are refused, each for another reason. */
const REFUSED = [
  "/pixel/v1/page?writeKey=nobody",
  "/pixel/v1/page.gif",
  "/pixel/v1/track?writeKey=wk_site",
  "/pixel/v1/track.gif?writeKey=wk_site&event=e&context=x",
  `/pixel/v1/page?writeKey=wk_site&a=${"x".repeat(17_000)}`,
];

const folder = mkdtempSync(join(tmpdir(), "pixelgate-browser-"));
const spool = createSpoolStore();
const pages = new Map<string, string>();
let browser: Browser;
let gateway: Gateway;
let site: Server;
let siteUrl = "";
/** Ids of the messages that must have arrived by now. */
const expected = new Set<string>();
let ids = 0;

beforeAll(async () => {
  writeFileSync(join(folder, "pixelgate.json"), JSON.stringify(CONFIG));
  gateway = await startGateway({ env: { PIXELGATE_CONFIG: join(folder, "pixelgate.json") } });
  site = createServer((request, response) => {
    const html = pages.get(request.url ?? "");
    response.writeHead(html === undefined ? 404 : 200, { "Content-Type": "text/html; charset=utf-8" });
    response.end(html);
  });
  await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
  const address = site.address();
  siteUrl = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
  browser = await openChromium();
});

afterAll(async () => {
  await browser?.close();
  await gateway?.stop();
  site?.close();
  rmSync(folder, { recursive: true });
}, 30_000);

/** A pixel that must be accepted and must arrive. */
function accepted(path = "/pixel/v1/page", query = "writeKey=wk_site"): string {
  const messageId = `m-${++ids}`;
  expected.add(messageId);
  return `${path}?${query}&messageId=${messageId}`;
}

/** A page's pixels: one of each route, and the refused ones. */
function somePixels(): string[] {
  const track = "writeKey=wk_site&event=Signed+Up";
  return [
    accepted(),
    accepted("/pixel/v1/page.gif"),
    accepted("/pixel/v1/track", track),
    accepted("/pixel/v1/track.gif", track),
    ...REFUSED,
  ];
}

/** The whole addresses of pixels, as a JavaScript array. */
const urlsOf = (targets: readonly string[]) => JSON.stringify(targets.map((target) => gateway.url + target));
const escaped = (text: string) => text.replaceAll("&", "&amp;");

/** Opens a page of the site in a new context and resolves, once it has loaded, with the value of an expression in it. */
async function visit(
  html: string,
  expression: string,
  options: BrowserContextOptions = {},
): Promise<unknown> {
  const path = `/page-${pages.size}`;
  pages.set(path, `<!doctype html><title>Pixels</title>${html}`);
  const context = await browser.newContext(options);
  try {
    const page = await context.newPage();
    await page.goto(siteUrl + path, { waitUntil: "load", timeout: 20_000 });
    return await page.evaluate(expression);
  } finally {
    await context.close();
  }
}

/** Expects what was accepted so far, and nothing else, once each; returns it by message id, oldest first. */
async function expectArrivals(): Promise<Map<string, Readonly<Record<string, unknown>>>> {
  const arrivals = await spool.arrivals(gateway, (found) => found.length >= expected.size);
  const events = new Map(arrivals.map(({ event }) => [String(event.messageId), event]));
  expect([...events.keys()].sort()).toEqual([...expected].sort());
  expect(arrivals.length).toBe(expected.size);
  return events;
}

const LOADED = "load 1x1";
/** In a page: says how an image fared, and its size. */
const TELL = `const tell = (how, image) => how + " " + image.naturalWidth + "x" + image.naturalHeight;`;

describe("Chromium", () => {
  test("shows every <img> pixel, accepted or refused, as an image of 1×1", async () => {
    const pixels = somePixels();
    const events = `onload="told.push(tell('load', this))" onerror="told.push(tell('error', this))"`;
    const images = pixels.map((pixel) => `<img src="${escaped(gateway.url + pixel)}" ${events}>`);
    const html = `<script>const told = []; ${TELL}</script>${images.join("")}`;
    expect(await visit(html, "told")).toEqual(pixels.map(() => LOADED));
    const arrived = await expectArrivals();
    expect([...arrived.values()][0]).toMatchObject({
      context: {
        page: { url: `${siteUrl}/` },
        locale: "en-US",
        userAgent: expect.stringContaining("Chrome/"),
      },
    });
  }, 30_000);

  test("shows every <noscript> pixel without JavaScript as an image of 1×1", async () => {
    const pixels = somePixels();
    const images = pixels.map(
      (pixel) => `<noscript><img src="${escaped(gateway.url + pixel)}" alt=""></noscript>`,
    );
    const told = `(() => { ${TELL} return Array.from(document.images, (image) => tell(image.complete ? "load" : "wait", image)); })()`;
    const loaded = await visit(images.join(""), told, { javaScriptEnabled: false });
    expect(loaded).toEqual(pixels.map(() => LOADED));
    await expectArrivals();
  }, 30_000);

  test("fires onload for every new Image(), accepted or refused", async () => {
    const pixels = somePixels();
    const load = `Promise.all(${urlsOf(pixels)}.map((src) => new Promise((resolve) => {
      ${TELL}
      const image = new Image();
      image.onload = () => resolve(tell("load", image));
      image.onerror = () => resolve(tell("error", image));
      image.src = src;
    })))`;
    expect(await visit("", load)).toEqual(pixels.map(() => LOADED));
    await expectArrivals();
  }, 30_000);

  test("loads pixels that are CSS backgrounds", async () => {
    const pixels = [accepted(), accepted("/pixel/v1/track.gif", "writeKey=wk_site&event=e")];
    const boxes = pixels.map(
      (pixel) =>
        `<div style="width: 9px; height: 9px; background: url('${escaped(gateway.url + pixel)}')"></div>`,
    );
    const count = `performance.getEntriesByType("resource").filter(({ name }) => name.includes("/pixel/v1/")).length`;
    expect(await visit(boxes.join(""), count)).toBe(pixels.length);
    await expectArrivals();
  }, 30_000);

  test("lets a script of another origin read OK and the reason, a preflight included", async () => {
    const urls = urlsOf([accepted(), "/pixel/v1/page?writeKey=nobody"]);
    const read = `Promise.all(${urls}.map(async (url) => {
      const response = await fetch(url, { headers: { "X-Custom": "1" } });
      return response.status + " " + (await response.text());
    }))`;
    expect(await visit("", read)).toEqual(["200 OK", "400 invalid write key"]);
    await expectArrivals();
  }, 30_000);

  test("keeps the cookie of a visitor from pixel to pixel", async () => {
    const pixels = [1, 2].map(() => accepted("/pixel/v1/page", "writeKey=wk_visitor"));
    const load = `(async () => { for (const src of ${urlsOf(pixels)}) {
      const image = new Image();
      image.src = src;
      await image.decode();
    } })()`;
    await visit("", load);
    const events = [...(await expectArrivals()).values()].slice(-pixels.length);
    for (const event of events) {
      expect(event).toMatchObject({ context: { gateway: { sourceId: "visitor", identity: "cookie" } } });
    }
    expect(new Set(events.map(({ anonymousId }) => anonymousId)).size).toBe(1);
  }, 30_000);
});
