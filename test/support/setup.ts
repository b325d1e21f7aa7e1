// Before the tests: the programs they run beside the gateway are there, or a line says how to get them.
import { prepareChromium } from "./chromium.ts";
import { findNatsServer } from "./natsserver.ts";

for (const prepare of [findNatsServer, prepareChromium]) {
  try {
    prepare();
  } catch (error) {
    // The tests that need it fail with the same line.
    console.error(error instanceof Error ? error.message : String(error));
  }
}
