import { expect } from "bun:test";
import { openLivePages } from "../support/livepages.ts";

const TOKEN = "a-token~of/the:operator";
const live = openLivePages({ token: TOKEN });
const { test, send, rows } = live;

/** All that the page asks its own port for. */
async function expectAlive(): Promise<void> {
  await live.page.locator("#version", { hasText: "1.2.3" }).waitFor();
  await send("/pixel/v1/page?writeKey=wk_blog&name=Behind");
  await rows().first().waitFor();
  expect(await live.page.locator("#builder-source option").count()).toBe(3);
  expect(await live.page.locator("#banner").isHidden()).toBe(true);
  await live.page.locator("#filter-type").selectOption("track");
  await live.page.locator("#connection[data-state=live]").waitFor();
}

test("page works behind a token that the browser has asked its user for, and so does the tab it opens", async () => {
  await expectAlive();
  await live.page.locator("#filter-type").selectOption("");
  await rows().first().locator(".row").click();
  const opened = live.page.context().waitForEvent("page");
  await live.page.locator("a", { hasText: "Explain" }).click();
  const tab = await opened;
  expect(await tab.locator("body").textContent()).toContain('"outcome": "accepted"');
});

test("page works when the address it is opened by holds the token", async () => {
  const { host } = new URL(live.ports.adminUrl);
  await live.reopen({}, `http://me:${encodeURIComponent(TOKEN)}@${host}/`);
  await expectAlive();
});
