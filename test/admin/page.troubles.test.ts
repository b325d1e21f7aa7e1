import { expect } from "bun:test";
import type { DeliveryState } from "../../src/delivery/state.ts";
import { openLivePages } from "../support/livepages.ts";
import { IDLE } from "../support/ports.ts";
import { destination, NO_ACK, SHORT_WINDOW } from "../support/troubles.ts";
import { until } from "../support/until.ts";

const live = openLivePages();
const { test } = live;

const section = () => live.page.locator("#troubles");
const troubles = () => live.page.locator("#troubles-list > li");
/** The lines of each trouble, as they are read. */
const lines = async () => (await troubles().allInnerTexts()).map((text) => text.split(/\n+/));
const said = (text: string) =>
  live.page.locator("#troubles-said", { hasText: new RegExp(`^${text}$`) }).waitFor({ state: "attached" });

/** Lets delivery be in a state, and waits until the page tells how many troubles there are. */
async function show(state: Partial<DeliveryState>, count: number): Promise<void> {
  live.ports.world.state = { ...IDLE, nats: "up", ...state };
  if (count > 0) await said(`Needs attention: ${count}`);
  await live.page.locator("#nats-text", { hasText: "connected" }).waitFor();
}

const SHUT = destination("warehouse", {
  state: "shut",
  reason: "stream WAREHOUSE is full",
  sinceMs: 742_000,
  copies: 1203,
  bytes: 554_000,
  oldestMs: 741_000,
});

test("page has no place for troubles while all is well", async () => {
  await show({ destinations: [destination("warehouse", { copies: 5, bytes: 50 }), destination("b")] }, 0);
  expect(await section().isHidden()).toBe(true);
  expect(await live.page.locator("#troubles-said").textContent()).toBe("");
  await show({ destinations: [SHUT] }, 1);
  expect(await section().isVisible()).toBe(true);
  live.ports.world.state = { ...IDLE, destinations: [destination("warehouse")] };
  await said("Nothing needs attention any more");
  expect(await section().isHidden()).toBe(true);
});

test("page names a destination in trouble with its reason, since when, what waits, and the command to use", async () => {
  await show({ destinations: [destination("healthy"), { ...SHUT, quarantined: 12 }] }, 1);
  const [text = []] = await lines();
  expect(text[0]).toMatch(/^warehouse shut since (\d{4}-\d\d-\d\d )?\d\d:\d\d, 12 min$/);
  expect(text.slice(1)).toEqual([
    "stream WAREHOUSE is full",
    "1,203 copies spooled, 541 KiB, oldest 12 min · 12 copies in quarantine",
    "Look at its stream",
    "pixelgate check --nats",
    "See its quarantine, then retry or discard",
    "pixelgate spool list --quarantine --destination warehouse",
  ]);
  expect(await troubles().getAttribute("data-level")).toBe("warn");
  expect(await section().locator("button, a, input").count()).toBe(0);
});

test("page says what a state means where there is no reason, and leaves it to NATS to be down", async () => {
  const states = ["open", "slow", "shut", "barred", "unknown"] as const;
  await show({ destinations: states.map((state) => destination(state, { state })) }, 3);
  expect((await lines()).map((text) => text.slice(0, 2).join(": "))).toEqual([
    "barred barred: nothing may be sent to its stream as it is",
    "shut shut: it takes nothing now; a copy is tried now and then",
    "slow slow: it takes copies later than a client should wait, so they go through the spool",
  ]);
});

test("page puts what loses events first: faults, a full quarantine, then destinations, then warnings", async () => {
  await show(
    {
      destinations: [destination("later", { quarantined: 3 }), SHUT],
      findings: [SHORT_WINDOW, NO_ACK],
      quarantined: 3,
      quarantineFull: true,
    },
    5,
  );
  const names = await troubles().locator("h3").allInnerTexts();
  expect(names.map((name) => name.replace(/ since .*/, "").trim())).toEqual([
    "Stream PIXEL fault",
    "Quarantine full",
    "warehouse shut",
    "later quarantine",
    "Stream WAREHOUSE warning",
  ]);
  const levels = (await troubles().all()).map((item) => item.getAttribute("data-level"));
  expect(await Promise.all(levels)).toEqual(["bad", "bad", "warn", "warn", "warn"]);
  const all = await lines();
  expect(all[0]?.slice(1)).toEqual([NO_ACK.says, "Mend it", String(NO_ACK.cure)]);
  expect(all[4]?.slice(1)).toEqual([SHORT_WINDOW.says, "Look at all streams", "pixelgate check --nats"]);
});

test("page says that a destination is over its share while it makes events fail", async () => {
  const open = (refused: number) => [destination("crowded", { copies: 9000, bytes: 9_000_000, refused })];
  await show({ destinations: [destination("other", { state: "shut" })] }, 1);
  await show({ destinations: open(50) }, 0);
  // Said when the page has read it: it can tell from now on what grows.
  await said("Nothing needs attention any more");
  expect(await section().isHidden()).toBe(true);
  await show({ destinations: open(57) }, 1);
  expect(await lines()).toEqual([
    [
      "crowded over its share",
      "9,000 copies spooled, 8.6 MiB · 57 events answered 503 over its share of the spool",
      "See its backlog",
      "pixelgate spool list --destination crowded",
    ],
  ]);
  expect(await troubles().getAttribute("data-level")).toBe("bad");
});

test("page forgets after a minute that a destination was over its share, and keeps the minute of a beginning", async () => {
  const lists = await live.page.evaluate(`import("/page/trouble.js").then(({ listTroubles, newMemory }) => {
    const memory = newMemory();
    const at = (nowMs, fields) =>
      listTroubles({ destinations: [{ ...${JSON.stringify(SHUT)}, ...fields }], findings: [] }, memory, nowMs)[0];
    const open = (nowMs, refused) => at(nowMs, { state: "open", refused })?.state ?? "well";
    const day = new Date(2026, 10, 25, 3, 0, 0).getTime();
    return {
      refusals: [open(0, 1), open(1000, 2), open(60_999, 2), open(61_000, 2), open(61_001, 0)],
      since: [
        at(day, { sinceMs: 60_001 }).since,
        at(day + 1000, { sinceMs: 60_500 }).since,
        at(day + 1000, { sinceMs: 5 * 3_600_000 }).since,
      ],
    };
  })`);
  expect(lists).toEqual({
    refusals: ["well", "over its share", "over its share", "well", "well"],
    since: ["since 02:58, 1 min", "since 02:58, 1 min", "since 2026-11-24 22:00, 5 h"],
  });
});

test("page changes what stands there in place, so that a command can be copied meanwhile", async () => {
  await show({ destinations: [SHUT] }, 1);
  await live.page.evaluate(`getSelection().selectAllChildren(document.querySelector("#troubles code"))`);
  const [before, after] = [destination("a", { state: "barred" }), destination("b", { state: "slow" })];
  await show({ destinations: [{ ...SHUT, copies: 1204 }, before, after] }, 3);
  expect((await lines())[1]?.[2]).toStartWith("1,204 copies spooled");
  expect(await live.page.evaluate("getSelection().toString()")).toBe("pixelgate check --nats");
});

test("page never makes markup of a reason, a stream or a command", async () => {
  const hostile = "<img src=x onerror=document.title='owned'>";
  const finding = { ...NO_ACK, stream: hostile, says: hostile, cure: hostile };
  await show({ destinations: [{ ...SHUT, id: hostile, reason: hostile }], findings: [finding] }, 2);
  expect(await section().locator("img").count()).toBe(0);
  expect(await live.page.title()).toBe("Pixelgate");
});

test("page shows twenty of many troubles and how many more there are, and leaves the stream its room", async () => {
  const many = Array.from({ length: 100 }, (_, index) => ({ ...SHUT, id: `partner-${index}` }));
  await show({ destinations: many }, 100);
  expect(await troubles().count()).toBe(20);
  expect(await live.page.locator("#troubles-rest").textContent()).toBe("80 more are in /status.json");
  const { height = 0 } = (await live.page.locator("#scroller").boundingBox()) ?? {};
  expect(height).toBeGreaterThan(150);
  // What is cut off is within reach of the keyboard.
  await live.page.keyboard.press("Tab");
  expect(await live.page.evaluate("document.activeElement.id")).toBe("troubles-list");
  await live.page.keyboard.press("End");
  const scrolled = () => live.page.evaluate<number>(`document.querySelector("#troubles-list").scrollTop`);
  await until("the list is scrolled", async () => (await scrolled()) > 100);
  await show({ destinations: [SHUT] }, 1);
  expect(await live.page.locator("#troubles-list").getAttribute("tabindex")).toBeNull();
});
