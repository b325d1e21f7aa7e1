import { expect } from "bun:test";
import { eventIn } from "../support/decisions.ts";
import { openLivePages } from "../support/livepages.ts";

const live = openLivePages();
const { test } = live;

/** Fills the builder in and gives the text of each form. */
async function build(): Promise<Record<string, string>> {
  await live.page.locator(".kind label", { hasText: "Track" }).click();
  await live.page.locator("#builder-name").fill('Order "placed" & <paid>');
  await live.page.locator("[data-key=userId]").fill("{{ user_id }}");
  await live.page.locator("summary", { hasText: "Properties" }).click();
  await live.page.locator("#builder-add").click();
  await live.page.getByLabel("Property name").fill("plan");
  await live.page.getByLabel("Property value").fill("a&b=ü");
  const texts: Record<string, string> = {};
  for (const form of ["url", "img", "noscript", "amp", "mail"]) {
    await live.page.locator(`#tab-${form}`).click();
    texts[form] = (await live.page.locator("#builder-code").textContent()) ?? "";
  }
  return texts;
}

const WANTED = { event: 'Order "placed" & <paid>', userId: "{{ user_id }}", properties: { plan: "a&b=ü" } };

test("page builds a pixel whose every form a browser sends as the same event", async () => {
  const texts = await build();
  expect(texts.url).toStartWith(`${live.ports.publicUrl}/pixel/v1/track?writeKey=wk_blog&`);
  expect(texts.url).toContain("userId={{ user_id }}");
  await fetch(texts.url ?? "");
  expect(eventIn(live.ports.kept.at(-1))).toMatchObject(WANTED);

  for (const [form, javaScriptEnabled] of [
    ["img", true],
    ["mail", true],
    ["noscript", false],
  ] as const) {
    const context = await live.browser.newContext({ javaScriptEnabled });
    const before = live.ports.kept.length;
    const site = `${live.ports.publicUrl}/article`;
    await context.route(site, (route) =>
      route.fulfill({ contentType: "text/html", body: texts[form] ?? "" }),
    );
    await (await context.newPage()).goto(site);
    await context.close();
    expect([form, live.ports.kept.length]).toEqual([form, before + 1]);
    expect(eventIn(live.ports.kept.at(-1))).toMatchObject(WANTED);
  }
});

test("page builds an AMP block that holds the vendor's variables", async () => {
  const { amp = "" } = await build();
  expect(amp).toContain('<amp-analytics type="rudderstack">');
  const json = /<script type="application\/json">([\s\S]*?)<\/script>/.exec(amp)?.[1] ?? "";
  expect(JSON.parse(json)).toEqual({
    vars: { dataPlaneUrl: live.ports.publicUrl, writeKey: "wk_blog" },
    extraUrlParams: { userId: "{{ user_id }}", "properties.plan": "a&b=ü" },
    triggers: { track: { on: "visible", request: "track", vars: { eventName: WANTED.event } } },
  });
});

test("page fires the test at this gateway, whatever address the pixel will have", async () => {
  await live.page.locator("#builder-name").fill("From the builder");
  await live.page.locator("#builder-base").fill("https://px.example.com/");
  expect(await live.page.locator("#builder-code").textContent()).toStartWith(
    "https://px.example.com/pixel/v1/page?",
  );
  await live.page.locator("#builder-send").click();
  await live.page.locator(".name", { hasText: "From the builder" }).waitFor({ timeout: 1000 });
  await live.page.locator("#builder-result", { hasText: "Sent" }).waitFor();
  expect(eventIn(live.ports.kept.at(-1))).toMatchObject({ name: "From the builder" });
});

test("page tells where the events of a source go: each destination with its stream, or the first and last of several", async () => {
  const goes = live.page.locator("#builder-goes");
  await live.page.locator(".kind label", { hasText: "Track" }).click();
  expect(await goes.textContent()).toBe("Goes to warehouse (PIXEL), alerts (PIXEL).");
  await live.page.route("**/sources.json", async (route) => {
    const json = await (await route.fetch()).json();
    const streams = ["WAREHOUSE_0", "WAREHOUSE_1", "WAREHOUSE_2"];
    await route.fulfill({ json: { ...json, destinations: [{ id: "warehouse", streams }] } });
  });
  await live.page.reload();
  await goes.filter({ hasText: "Goes to warehouse (WAREHOUSE_0 to WAREHOUSE_2)." }).waitFor();
});
