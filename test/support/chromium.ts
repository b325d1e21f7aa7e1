// Debian's Chromium, for tests that need a real browser.
import { type Browser, chromium } from "playwright-core";
import { findProgram } from "./system.ts";

/** Opens a browser without a window. */
export async function openChromium(): Promise<Browser> {
  return await chromium.launch({
    executablePath: findProgram("chromium") ?? "chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
