import { expect } from "bun:test";
import { openLivePages } from "../support/livepages.ts";

const live = openLivePages();
const { rows, send, test } = live;

for (const [what, options] of [
  ["a phone", { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
  ["a tablet", { viewport: { width: 820, height: 1180 } }],
  ["a dark desk", { viewport: { width: 1440, height: 900 }, colorScheme: "dark" }],
] as const) {
  test(`page fits ${what} and can be read there`, async () => {
    await live.reopen(options);
    await send(
      "/pixel/v1/page?writeKey=wk_blog&name=A+name+that+is+longer+than+any+screen+is+wide+will+be+cut",
    );
    await send("/pixel/v1/track?writeKey=wk_blog");
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
