// The live page in a real browser, on both ports of a gateway: opened for each test, and held to what no test may see.
import { afterAll, afterEach, beforeEach, expect } from "bun:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { openChromium } from "./chromium.ts";
import { openPorts, type PortsOptions } from "./ports.ts";
import { whyNot } from "./system.ts";
import { unless } from "./unless.ts";

/**
 * Gives each test of a file a page of its own on ports of its own. After each, nothing may have been said on the
 * console, nothing may be a fault of ours, and no request may have gone to another host. The browser knows the token.
 */
export function openLivePages(portsOptions: PortsOptions = {}) {
  const { test, beforeAll } = unless(whyNot("chromium"));
  let browser: Browser;
  let ports: ReturnType<typeof openPorts>;
  let page: Page;
  let complaints: string[] = [];
  let requested: string[] = [];

  async function open(options: BrowserContextOptions = {}, url = ports.adminUrl): Promise<void> {
    complaints = [];
    requested = [];
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("request", (request) => requested.push(request.url()));
    await page.goto(url);
    await page.locator("#connection[data-state=live]").waitFor();
  }

  beforeAll(async () => {
    browser = await openChromium();
  });
  afterAll(async () => {
    await browser?.close();
  });
  beforeEach(async () => {
    ports = openPorts(portsOptions);
    const { token } = portsOptions;
    await open(token ? { httpCredentials: { username: "operator", password: token } } : {});
  });
  afterEach(async () => {
    await page.context().close();
    await ports.close();
    expect(complaints).toEqual([]);
    expect(ports.faults).toEqual([]);
    const hosts = new Set(requested.map((url) => new URL(url).origin));
    for (const host of hosts) expect([ports.adminUrl, ports.publicUrl]).toContain(host);
  });

  return {
    test,
    get browser() {
      return browser;
    },
    get ports() {
      return ports;
    },
    get page() {
      return page;
    },
    /** Opens the page once more, in another browser's settings or by another address, in place of the one before. */
    async reopen(options: BrowserContextOptions, url?: string): Promise<void> {
      await page.context().close();
      await open(options, url);
    },
    /** Sends a request to the public port. */
    send: (target: string) => fetch(`${ports.publicUrl}${target}`),
    /** The requests in the list. */
    rows: () => page.locator("#rows > li.item"),
  };
}
