import { expect } from "bun:test";
import { openLivePages } from "../support/livepages.ts";
import { IDLE } from "../support/ports.ts";

const live = openLivePages();
const { rows, send, test } = live;

test("page tells what to do while it is empty, and the line works", async () => {
  const line = (await live.page.locator("#attempt").textContent()) ?? "";
  const url = /^curl '(.*)'$/.exec(line)?.[1] ?? "";
  expect(await (await fetch(url)).text()).toBe("OK");
  await rows().first().waitFor();
  expect(await live.page.locator("#empty").isHidden()).toBe(true);
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

test("page shows a rejected request with its reason", async () => {
  await send("/pixel/v1/track?writeKey=wk_blog");
  const rejected = live.page.locator("#rows > li.error");
  await rejected.waitFor({ timeout: 1000 });
  expect(await rejected.textContent()).toContain("track: Mandatory field 'event' missing");
});

test("page never makes markup of what an event says", async () => {
  const hostile = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>";
  const value = encodeURIComponent(hostile);
  await send(`/pixel/v1/page?writeKey=wk_blog&name=${value}&context.page.url=${value}&${value}=${value}`);
  await send(`/pixel/v1/page?writeKey=${value}`);
  await rows().nth(1).waitFor();
  for (const row of await rows().all()) {
    await row.locator(".row").click();
    await live.page.locator(".detail").waitFor();
    expect(await row.locator("img, script").count()).toBe(0);
  }
  expect(await live.page.locator(".name", { hasText: "<img src=x" }).count()).toBe(1);
  expect(await live.page.title()).toBe("Pixelgate");
});

test("page shows the rates, the totals and the state of delivery", async () => {
  for (let i = 0; i < 5; i++) await send("/pixel/v1/page?writeKey=wk_blog");
  await send("/pixel/v1/page?writeKey=nobody");
  live.ports.world.state = {
    ...IDLE,
    nats: "down",
    spooled: 5,
    spooledBytes: 4500,
    oldestSpooledMs: 65_000,
    spool: "full",
  };
  await live.page.locator("#total-accepted", { hasText: "5" }).waitFor();
  await live.page.locator("#total-rejected", { hasText: "1" }).waitFor();
  await live.page.locator("#nats[data-state=bad]", { hasText: "not reachable" }).waitFor();
  await live.page.locator("#spool[data-state=bad]", { hasText: "full" }).waitFor();
  await live.page.locator("#spool-more", { hasText: "4.4 KiB, oldest 1 min" }).waitFor();
  await live.page.locator("#banner", { hasText: "spool is full" }).waitFor();
  expect(await live.page.locator("#chart-accepted").getAttribute("d")).not.toBe("");
  expect(await live.page.locator("#chart-errors").getAttribute("d")).not.toBe("");
});

test("page connects again when the stream ends", async () => {
  live.ports.live.close();
  await live.page.locator("#connection[data-state=lost]").waitFor();
  await live.page.locator("#connection[data-state=live]").waitFor();
  await send("/pixel/v1/page?writeKey=wk_blog&name=Again");
  await live.page.locator(".name", { hasText: "Again" }).waitFor();
});
