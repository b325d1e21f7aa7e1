// Debian's Chromium, for tests that need a real browser. Installs it where it may, else says how to get it.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PATH = "/usr/bin/chromium";
const INSTALL = ["install", "-y", "--no-install-recommends", "chromium"];

/** How long a test that opens the browser may need, milliseconds: it may have to be installed first. */
export const CHROMIUM_TIMEOUT_MS = 300_000;

/** Installs the browser where it is missing and may be installed; throws one line on how to get it otherwise. */
export function prepareChromium(): void {
  if (existsSync(PATH)) return;
  if (process.getuid?.() === 0) {
    spawnSync("apt-get", ["update", "-qq"], { stdio: "ignore", timeout: 100_000 });
    spawnSync("apt-get", INSTALL, {
      stdio: "ignore",
      timeout: 180_000,
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  }
  if (!existsSync(PATH)) throw new Error(`Cannot open ${PATH}: no such file: apt-get ${INSTALL.join(" ")}`);
}

/** Opens a browser without a window; throws as `prepareChromium` does. */
export async function openChromium(): Promise<Browser> {
  prepareChromium();
  return await chromium.launch({
    executablePath: PATH,
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
