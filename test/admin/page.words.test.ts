import { expect } from "bun:test";
import { ACCEPTED, OUTCOME_NAMES, OUTCOMES } from "../../src/observe/observer.ts";
import { openLivePages } from "../support/livepages.ts";

const live = openLivePages();
const { test } = live;

const textOf = (selector: string) => live.page.locator(selector).textContent();

test("page has the gateway's words for outcomes: in its filter, and which of them are accepted", async () => {
  const options = await live.page.locator("#filter-outcome option").all();
  const values = await Promise.all(options.map((option) => option.getAttribute("value")));
  expect(values.filter((value) => value !== "").toSorted()).toEqual(OUTCOME_NAMES.toSorted());
  const outcomes = await live.page.evaluate(`import("/page/outcome.js").then((words) => ({ ...words }))`);
  expect(outcomes).toMatchObject({ ACCEPTED, ERRORS: ["rejected", "failed"] });
});

test("page counts each outcome in one figure: accepted, rejected, failed or dropped", async () => {
  const times = { published: 1, spooled: 20, quarantined: 300, failed: 4, rejected: 50, dropped: 600 };
  const before = live.ports.metrics.totals();
  for (const outcome of OUTCOMES) {
    for (let sent = 0; sent < times[outcome]; sent++) {
      live.ports.metrics.count(outcome, "page", "blog", null, performance.now());
    }
  }
  expect(Object.values(before)).toEqual(OUTCOMES.map(() => 0));
  await live.page.locator("#total-accepted", { hasText: "321" }).waitFor();
  expect(
    await Promise.all(["rejected", "failed", "dropped"].map((name) => textOf(`#total-${name}`))),
  ).toEqual(["50", "4", "600"]);
  const headings = await live.page.locator(".figure dt").allTextContents();
  expect(headings).toEqual(["Accepted", "Rejected", "Failed", "Dropped"]);
  expect(await live.page.locator("body").textContent()).not.toMatch(/refused|taken/i);
});

test("page shows a quarantined event as accepted, and one that is too large as rejected", async () => {
  const record = {
    receivedMs: Date.now(),
    type: "page",
    sourceId: "blog",
    destinations: ["warehouse"],
    target: "/pixel/v1/page?writeKey=wk_blog",
    userAgent: null,
    payload: null,
  } as const;
  const reason = "event is larger than its destinations take";
  live.ports.live.show({ ...record, outcome: "quarantined", status: 200, reason: null });
  live.ports.live.show({ ...record, outcome: "rejected", status: 413, reason });
  await live.rows().nth(1).waitFor();
  expect(await live.page.locator("#rows > li.error").allTextContents()).toEqual([
    expect.stringContaining(reason),
  ]);
  await live.page.locator("#filter-outcome").selectOption("accepted");
  expect(await live.page.locator("#rows > li.item:visible .outcome").allTextContents()).toEqual([
    "quarantined",
  ]);
});
