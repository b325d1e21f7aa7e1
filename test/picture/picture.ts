// Takes the picture of the live page that the README shows: `bun run picture`. A real gateway on a real NATS server,
// a minute and a half of visits, one of them opened. The letters are those of this machine's sans-serif.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { openChromium } from "../support/chromium.ts";
import { type Gateway, untilNatsIsUp, withGateway } from "../support/gatewayprocess.ts";
import { startNats } from "../support/natsserver.ts";
import { repack } from "./png.ts";
import { CONFIG, LAST, ORDER, UNUSUAL, USUAL, type Visit } from "./visits.ts";

const FILE = join(import.meta.dirname, "../../docs/live-page.png");
const MAX_BYTES = 200 * 1024;
const SIZE = { width: 1280, height: 915 };

/** What the chart of the page shows, and a little more. */
const CHART_SECONDS = 105;

/** How many visits come in a second: a wave, so that the chart has a shape, and high when the picture is taken. */
function rateAt(second: number): number {
  const before = CHART_SECONDS - second;
  return Math.round(22 + 11 * Math.cos(before / 9) + 4 * Math.cos(before / 2.3));
}

let sent = 0;

async function send({ url }: Pick<Gateway, "url">, { target, headers }: Visit): Promise<void> {
  // Addresses that are kept for documentation: RFC 5737.
  const address = `203.0.113.${1 + (sent++ % 250)}`;
  const response = await fetch(url + target, { headers: { ...headers, "X-Forwarded-For": address } });
  await response.arrayBuffer();
}

/** Sends a second's visits, one in a dozen of them unusual. */
async function sendSecond(gateway: Gateway, second: number): Promise<void> {
  const rate = rateAt(second);
  for (let index = 0; index < rate; index++) {
    const isUnusual = sent % 12 === 11;
    const visit = isUnusual
      ? UNUSUAL[Math.floor(sent / 12) % UNUSUAL.length]
      : USUAL[(sent * 7) % USUAL.length];
    if (visit !== undefined) await send(gateway, visit);
    await sleep(900 / rate);
  }
}

/** Opens the page as the picture shows it, while visits come. */
async function pose(page: Page, gateway: Gateway): Promise<void> {
  await page.goto(gateway.adminUrl);
  await page.locator("#connection[data-state=live]").waitFor();
  await page.locator("#builder-base").fill("https://pixel.example.com");
  await page.locator("#builder-name").fill("Pricing");
  await page.locator("#tab-img").click();
  for (let second = 0; second < CHART_SECONDS; second++) await sendSecond(gateway, second);

  for (const visit of LAST) {
    await send(gateway, visit);
    await sleep(41);
  }
  const isOrder = { hasText: new URLSearchParams(ORDER.target).get("event") ?? "" };
  await page.locator("#rows > li.item", isOrder).first().locator(".row").click();
  await page.mouse.move(0, 0);
  // What comes now waits until the reader is done.
  await sendSecond(gateway, CHART_SECONDS);
  await page.locator("#newer:visible").waitFor();
}

const folder = mkdtempSync(join(tmpdir(), "pixelgate-picture-"));
const config = join(folder, "pixelgate.json");
writeFileSync(config, JSON.stringify(CONFIG));
const nats = await startNats();
const browser = await openChromium();
try {
  const env = { NATS_URL: nats.url, PIXELGATE_CONFIG: config, TRUSTED_PROXIES: "127.0.0.0/8" };
  await withGateway({ env }, async (gateway) => {
    await untilNatsIsUp(gateway);
    const context = await browser.newContext({ viewport: SIZE, colorScheme: "light", timezoneId: "UTC" });
    const page = await context.newPage();
    await pose(page, gateway);
    const picture = repack(await page.screenshot({ animations: "disabled", caret: "hide" }));
    if (picture.length > MAX_BYTES) {
      throw new Error(`Cannot keep the picture: it has ${picture.length} bytes, more than ${MAX_BYTES}`);
    }
    writeFileSync(FILE, picture);
    console.log(
      `docs/live-page.png: ${SIZE.width} × ${SIZE.height}, ${Math.ceil(picture.length / 1024)} KiB`,
    );
    await context.close();
  });
} finally {
  await browser.close();
  await nats.stop();
  rmSync(folder, { recursive: true });
}
