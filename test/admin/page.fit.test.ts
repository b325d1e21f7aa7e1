import { expect } from "bun:test";
import { openLivePages } from "../support/livepages.ts";
import { IDLE } from "../support/ports.ts";
import { destination, NO_ACK, SHORT_WINDOW } from "../support/troubles.ts";

const live = openLivePages();
const { rows, send, test } = live;

// An id as long as one may be, and a reason that is longer than a line of a phone.
const TROUBLED = {
  ...IDLE,
  nats: "up",
  spooled: 123_456_789,
  spooledBytes: 54_000_000_000,
  oldestSpooledMs: 742_000,
  destinations: [
    destination("a-destination-of-a-partner-with-a-name-that-is-as-long-as-can-be", {
      state: "shut",
      reason: "nats: permissions violation for publish to pixel.a-destination-of-a-partner.page",
      sinceMs: 742_000,
      copies: 1203,
      bytes: 554_000,
      oldestMs: 741_000,
      quarantined: 12,
      refused: 57,
    }),
    destination("b", { state: "slow", reason: "acks take 2 s", sinceMs: 5000 }),
  ],
  findings: [NO_ACK, SHORT_WINDOW],
} as const;

for (const [what, options] of [
  ["a phone", { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
  ["a tablet", { viewport: { width: 820, height: 1180 } }],
  ["a small window", { viewport: { width: 740, height: 900 } }],
  ["a desk", { viewport: { width: 1040, height: 900 } }],
  ["a dark desk", { viewport: { width: 1440, height: 900 }, colorScheme: "dark" }],
] as const) {
  test(`page fits ${what} and can be read there`, async () => {
    await live.reopen(options);
    await send(
      "/pixel/v1/page?writeKey=wk_blog&name=A+name+that+is+longer+than+any+screen+is+wide+will+be+cut",
    );
    await send("/pixel/v1/track?writeKey=wk_blog");
    live.ports.world.state = TROUBLED;
    await live.page.locator("#troubles-list > li").nth(3).waitFor();
    await rows().nth(1).waitFor();
    await rows().nth(1).locator(".row").click();
    const overflow = () => live.page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
    expect(await overflow()).toBeLessThanOrEqual(0);
    if (await live.page.locator("[data-show=builder]").isVisible()) {
      await live.page.locator("[data-show=builder]").click();
      expect(await live.page.locator("#builder-send").isVisible()).toBe(true);
      expect(await overflow()).toBeLessThanOrEqual(0);
      await live.page.locator("[data-show=stream]").click();
    }
    expect(await live.page.evaluate(LOW_CONTRAST)).toEqual([]);
  });
}

test("page tells troubles apart by words and lines where colours are forced", async () => {
  await live.reopen({ forcedColors: "active" });
  live.ports.world.state = TROUBLED;
  const troubles = live.page.locator("#troubles-list > li");
  await troubles.nth(3).waitFor();
  expect(await live.page.locator("#troubles .is").allTextContents()).toEqual([
    "fault",
    "shut",
    "slow",
    "warning",
  ]);
  const lines = await live.page.evaluate(
    `Array.from(document.querySelectorAll("#troubles-list > li"), (item) => getComputedStyle(item).borderLeftStyle)`,
  );
  expect(lines).toEqual(["double", "solid", "solid", "solid"]);
});

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
