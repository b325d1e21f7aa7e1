import { expect } from "bun:test";
import { openLivePages } from "../support/livepages.ts";

const live = openLivePages();
const { rows, send, test } = live;

test("page opens a row by keyboard and shows the JSON and the raw request", async () => {
  await send("/pixel/v1/track?writeKey=wk_blog&event=First&properties.plan=pro");
  await send("/pixel/v1/track?writeKey=wk_blog&event=Second");
  await rows().nth(1).waitFor();
  await rows().first().locator(".row").focus();
  await live.page.keyboard.press("ArrowDown");
  await live.page.keyboard.press("Enter");
  const detail = live.page.locator(".detail");
  await detail.waitFor();
  expect(JSON.parse((await detail.locator(".event pre").textContent()) ?? "")).toMatchObject({
    event: "First",
    properties: { plan: "pro" },
  });
  expect(await detail.locator(".raw").textContent()).toContain(
    "GET /pixel/v1/track?writeKey=wk_blog&event=First&properties.plan=pro",
  );
  await live.page.keyboard.press("Escape");
  await detail.waitFor({ state: "detached" });
});

test("page holds new requests while one is open or it is paused, and shows them after", async () => {
  await send("/pixel/v1/page?writeKey=wk_blog&name=One");
  await rows().first().locator(".row").click();
  await send("/pixel/v1/page?writeKey=wk_blog&name=Two");
  await live.page.locator("#newer", { hasText: "1 new request" }).click();
  expect(await rows().first().textContent()).toContain("Two");
  await live.page.locator("#hold").click();
  await send("/pixel/v1/page?writeKey=wk_blog&name=Three");
  await live.page.locator("#newer", { hasText: "1 new request" }).waitFor();
  expect(await rows().count()).toBe(2);
  await live.page.locator("#hold").click();
  await live.page.locator(".name", { hasText: "Three" }).waitFor();
  await live.page.locator("#clear").click();
  expect(await rows().count()).toBe(0);
  expect(await live.page.locator("#empty").isVisible()).toBe(true);
});

test("page filters what is shown and what comes", async () => {
  await send("/pixel/v1/page?writeKey=wk_blog&name=Kept");
  await send("/pixel/v1/track?writeKey=wk_blog");
  await rows().nth(1).waitFor();
  await live.page.locator("#filter-outcome").selectOption("rejected");
  expect(await live.page.locator("#rows > li.item:visible").count()).toBe(1);
  await live.page.locator("#filter-outcome").selectOption("");
  await live.page.locator("#filter-text").fill("kept");
  expect(await live.page.locator("#rows > li.item:visible").allInnerTexts()).toEqual([
    expect.stringContaining("Kept"),
  ]);
  await live.page.locator("#filter-text").fill("no such thing");
  expect(await live.page.locator("#nothing").isVisible()).toBe(true);
});

test("page stays usable in a burst and says how many it left out", async () => {
  const sent = 3000;
  for (let i = 0; i < sent; i++) {
    live.ports.live.show({
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
  await live.page.locator("#rows > li.gap").first().waitFor();
  await send("/pixel/v1/page?writeKey=wk_blog&name=After");
  await live.page.locator(".name", { hasText: "After" }).waitFor({ timeout: 1000 });
  const gaps = await live.page.locator("#rows > li.gap").allTextContents();
  const missed = gaps.reduce((sum, text) => sum + Number(text.replaceAll(",", "").split(" ")[0]), 0);
  expect(missed + (await rows().count())).toBe(sent + 1);
});
