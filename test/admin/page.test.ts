import { afterAll, afterEach, beforeEach, expect } from "bun:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { openChromium } from "../support/chromium.ts";
import { IDLE, openPorts } from "../support/ports.ts";
import { whyNot } from "../support/system.ts";
import { unless } from "../support/unless.ts";

const { test, beforeAll } = unless(whyNot("chromium"));

let browser: Browser;
let ports: ReturnType<typeof openPorts>;
let page: Page;
/** What must stay empty: errors on the console, and requests to other hosts than our own. */
let complaints: string[] = [];
let requested: string[] = [];

beforeAll(async () => {
  browser = await openChromium();
});
afterAll(async () => {
  await browser?.close();
});

beforeEach(async () => {
  ports = openPorts();
  page = await openPage();
});
afterEach(async () => {
  await page.context().close();
  await ports.close();
  expect(complaints).toEqual([]);
  expect(ports.faults).toEqual([]);
  const hosts = new Set(requested.map((url) => new URL(url).origin));
  for (const host of hosts) expect([ports.adminUrl, ports.publicUrl]).toContain(host);
});

async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
  complaints = [];
  requested = [];
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const opened = await context.newPage();
  opened.setDefaultTimeout(10_000);
  opened.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  opened.on("pageerror", (error) => complaints.push(error.message));
  opened.on("request", (request) => requested.push(request.url()));
  await opened.goto(ports.adminUrl);
  await opened.locator("#connection[data-state=live]").waitFor();
  return opened;
}

const send = (target: string) => fetch(`${ports.publicUrl}${target}`);
const rows = () => page.locator("#rows > li.item");

test("page tells what to do while it is empty, and the line works", async () => {
  const line = (await page.locator("#attempt").textContent()) ?? "";
  const url = /^curl '(.*)'$/.exec(line)?.[1] ?? "";
  expect(await (await fetch(url)).text()).toBe("OK");
  await rows().first().waitFor();
  expect(await page.locator("#empty").isHidden()).toBe(true);
});

test("page shows an event within a second, with all that a row has", async () => {
  const url = encodeURIComponent("https://example.com/pricing");
  await send(`/pixel/v1/page?writeKey=wk_blog&name=Pricing&context.page.url=${url}`);
  await rows().first().waitFor({ timeout: 1000 });
  const text = await rows().first().textContent();
  for (const part of ["spooled", "page", "Pricing", "example.com/pricing", "blog", "warehouse"]) {
    expect(text).toContain(part);
  }
  expect(text).toMatch(/\d\d:\d\d:\d\d\.\d{3}/);
});

test("page shows a refused request with its reason", async () => {
  await send("/pixel/v1/track?writeKey=wk_blog");
  const refused = page.locator("#rows > li.refused");
  await refused.waitFor({ timeout: 1000 });
  expect(await refused.textContent()).toContain("track: Mandatory field 'event' missing");
});

test("page opens a row by keyboard and shows the JSON and the raw request", async () => {
  await send("/pixel/v1/track?writeKey=wk_blog&event=First&properties.plan=pro");
  await send("/pixel/v1/track?writeKey=wk_blog&event=Second");
  await rows().nth(1).waitFor();
  await rows().first().locator(".row").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  const detail = page.locator(".detail");
  await detail.waitFor();
  expect(JSON.parse((await detail.locator(".event pre").textContent()) ?? "")).toMatchObject({
    event: "First",
    properties: { plan: "pro" },
  });
  expect(await detail.locator(".raw").textContent()).toContain(
    "GET /pixel/v1/track?writeKey=wk_blog&event=First&properties.plan=pro",
  );
  await page.keyboard.press("Escape");
  await detail.waitFor({ state: "detached" });
});

test("page holds new requests while one is open or it is paused, and shows them after", async () => {
  await send("/pixel/v1/page?writeKey=wk_blog&name=One");
  await rows().first().locator(".row").click();
  await send("/pixel/v1/page?writeKey=wk_blog&name=Two");
  await page.locator("#newer", { hasText: "1 new request" }).click();
  expect(await rows().first().textContent()).toContain("Two");
  await page.locator("#hold").click();
  await send("/pixel/v1/page?writeKey=wk_blog&name=Three");
  await page.locator("#newer", { hasText: "1 new request" }).waitFor();
  expect(await rows().count()).toBe(2);
  await page.locator("#hold").click();
  await page.locator(".name", { hasText: "Three" }).waitFor();
  await page.locator("#clear").click();
  expect(await rows().count()).toBe(0);
  expect(await page.locator("#empty").isVisible()).toBe(true);
});

test("page filters what is shown and what comes", async () => {
  await send("/pixel/v1/page?writeKey=wk_blog&name=Kept");
  await send("/pixel/v1/track?writeKey=wk_blog");
  await rows().nth(1).waitFor();
  await page.locator("#filter-outcome").selectOption("rejected");
  expect(await page.locator("#rows > li.item:visible").count()).toBe(1);
  await page.locator("#filter-outcome").selectOption("");
  await page.locator("#filter-text").fill("kept");
  expect(await page.locator("#rows > li.item:visible").allInnerTexts()).toEqual([
    expect.stringContaining("Kept"),
  ]);
  await page.locator("#filter-text").fill("no such thing");
  expect(await page.locator("#nothing").isVisible()).toBe(true);
});

test("page stays usable in a burst and says how many it left out", async () => {
  const sent = 3000;
  for (let i = 0; i < sent; i++) {
    ports.live.show({
      receivedMs: Date.now(),
      type: "page",
      outcome: "published",
      reason: null,
      status: 200,
      sourceId: "blog",
      destinations: ["warehouse"],
      target: "/pixel/v1/page?writeKey=wk_blog",
      userAgent: null,
      payload: '{"type":"page","name":"Burst"}',
    });
  }
  await page.locator("#rows > li.gap").first().waitFor();
  await send("/pixel/v1/page?writeKey=wk_blog&name=After");
  await page.locator(".name", { hasText: "After" }).waitFor({ timeout: 1000 });
  const gaps = await page.locator("#rows > li.gap").allTextContents();
  const missed = gaps.reduce((sum, text) => sum + Number(text.replaceAll(",", "").split(" ")[0]), 0);
  expect(missed + (await rows().count())).toBe(sent + 1);
});

test("page never makes markup of what an event says", async () => {
  const hostile = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>";
  const value = encodeURIComponent(hostile);
  await send(`/pixel/v1/page?writeKey=wk_blog&name=${value}&context.page.url=${value}&${value}=${value}`);
  await send(`/pixel/v1/page?writeKey=${value}`);
  await rows().nth(1).waitFor();
  for (const row of await rows().all()) {
    await row.locator(".row").click();
    await page.locator(".detail").waitFor();
    expect(await row.locator("img, script").count()).toBe(0);
  }
  expect(await page.locator(".name", { hasText: "<img src=x" }).count()).toBe(1);
  expect(await page.title()).toBe("Pixelgate");
});

test("page shows the rates, the totals and the state of delivery", async () => {
  for (let i = 0; i < 5; i++) await send("/pixel/v1/page?writeKey=wk_blog");
  await send("/pixel/v1/page?writeKey=nobody");
  ports.world.state = {
    ...IDLE,
    nats: "down",
    spooled: 5,
    spooledBytes: 4500,
    oldestSpooledMs: 65_000,
    spool: "full",
  };
  await page.locator("#total-taken", { hasText: "5" }).waitFor();
  await page.locator("#total-refused", { hasText: "1" }).waitFor();
  await page.locator("#nats[data-state=bad]", { hasText: "not reachable" }).waitFor();
  await page.locator("#spool[data-state=bad]", { hasText: "full" }).waitFor();
  await page.locator("#spool-more", { hasText: "4.4 KiB, oldest 1 min" }).waitFor();
  await page.locator("#banner", { hasText: "spool is full" }).waitFor();
  expect(await page.locator("#chart-taken").getAttribute("d")).not.toBe("");
  expect(await page.locator("#chart-refused").getAttribute("d")).not.toBe("");
});

/** Fills the builder in and gives the text of each form. */
async function build(): Promise<Record<string, string>> {
  await page.locator(".kind label", { hasText: "Track" }).click();
  await page.locator("#builder-name").fill('Order "placed" & <paid>');
  await page.locator("[data-key=userId]").fill("{{ user_id }}");
  await page.locator("summary", { hasText: "Properties" }).click();
  await page.locator("#builder-add").click();
  await page.getByLabel("Property name").fill("plan");
  await page.getByLabel("Property value").fill("a&b=ü");
  const texts: Record<string, string> = {};
  for (const form of ["url", "img", "noscript", "amp", "mail"]) {
    await page.locator(`#tab-${form}`).click();
    texts[form] = (await page.locator("#builder-code").textContent()) ?? "";
  }
  return texts;
}

const WANTED = { event: 'Order "placed" & <paid>', userId: "{{ user_id }}", properties: { plan: "a&b=ü" } };

test("page builds a pixel whose every form a browser sends as the same event", async () => {
  const texts = await build();
  expect(texts.url).toStartWith(`${ports.publicUrl}/pixel/v1/track?writeKey=wk_blog&`);
  expect(texts.url).toContain("userId={{ user_id }}");
  await fetch(texts.url ?? "");
  expect(JSON.parse(ports.kept.at(-1)?.payload ?? "")).toMatchObject(WANTED);

  for (const [form, javaScriptEnabled] of [
    ["img", true],
    ["mail", true],
    ["noscript", false],
  ] as const) {
    const context = await browser.newContext({ javaScriptEnabled });
    const before = ports.kept.length;
    const site = `${ports.publicUrl}/article`;
    await context.route(site, (route) =>
      route.fulfill({ contentType: "text/html", body: texts[form] ?? "" }),
    );
    await (await context.newPage()).goto(site);
    await context.close();
    expect([form, ports.kept.length]).toEqual([form, before + 1]);
    expect(JSON.parse(ports.kept.at(-1)?.payload ?? "")).toMatchObject(WANTED);
  }
});

test("page builds an AMP block that holds the vendor's variables", async () => {
  const { amp = "" } = await build();
  expect(amp).toContain('<amp-analytics type="rudderstack">');
  const json = /<script type="application\/json">([\s\S]*?)<\/script>/.exec(amp)?.[1] ?? "";
  expect(JSON.parse(json)).toEqual({
    vars: { dataPlaneUrl: ports.publicUrl, writeKey: "wk_blog" },
    extraUrlParams: { userId: "{{ user_id }}", "properties.plan": "a&b=ü" },
    triggers: { track: { on: "visible", request: "track", vars: { eventName: WANTED.event } } },
  });
});

test("page fires the test at this gateway, whatever address the pixel will have", async () => {
  await page.locator("#builder-name").fill("From the builder");
  await page.locator("#builder-base").fill("https://px.example.com/");
  expect(await page.locator("#builder-code").textContent()).toStartWith(
    "https://px.example.com/pixel/v1/page?",
  );
  await page.locator("#builder-send").click();
  await page.locator(".name", { hasText: "From the builder" }).waitFor({ timeout: 1000 });
  await page.locator("#builder-result", { hasText: "Sent" }).waitFor();
  expect(JSON.parse(ports.kept.at(-1)?.payload ?? "")).toMatchObject({ name: "From the builder" });
});

test("page connects again when the stream ends", async () => {
  ports.live.close();
  await page.locator("#connection[data-state=lost]").waitFor();
  await page.locator("#connection[data-state=live]").waitFor();
  await send("/pixel/v1/page?writeKey=wk_blog&name=Again");
  await page.locator(".name", { hasText: "Again" }).waitFor();
});

for (const [what, options] of [
  ["a phone", { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
  ["a tablet", { viewport: { width: 820, height: 1180 } }],
  ["a dark desk", { viewport: { width: 1440, height: 900 }, colorScheme: "dark" }],
] as const) {
  test(`page fits ${what} and can be read there`, async () => {
    await page.context().close();
    page = await openPage(options);
    await send(
      "/pixel/v1/page?writeKey=wk_blog&name=A+name+that+is+longer+than+any+screen+is+wide+will+be+cut",
    );
    await send("/pixel/v1/track?writeKey=wk_blog");
    await rows().nth(1).waitFor();
    await rows().nth(1).locator(".row").click();
    const overflow = () => page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
    expect(await overflow()).toBeLessThanOrEqual(0);
    if (await page.locator("[data-show=builder]").isVisible()) {
      await page.locator("[data-show=builder]").click();
      expect(await page.locator("#builder-send").isVisible()).toBe(true);
      expect(await overflow()).toBeLessThanOrEqual(0);
      await page.locator("[data-show=stream]").click();
    }
    expect(await page.evaluate(LOW_CONTRAST)).toEqual([]);
  });
}

/** Every text whose contrast with what it stands on is below 4.5 to 1 (WCAG AA). Runs in the page. */
const LOW_CONTRAST = `(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const paint = (colors) => {
    canvas.globalCompositeOperation = "source-over";
    canvas.clearRect(0, 0, 1, 1);
    for (const color of colors) { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  document.getAnimations().forEach((animation) => animation.finish());
  const low = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility() || element.closest(".away, option, noscript")) continue;
    const grounds = [];
    for (let up = element; up; up = up.parentElement) grounds.unshift(getComputedStyle(up).backgroundColor);
    const [a, b] = [paint(grounds), paint([...grounds, getComputedStyle(element).color])].map(luminance);
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(ratio.toFixed(2) + " " + node.data.trim().slice(0, 40));
  }
  return low;
})()`;
