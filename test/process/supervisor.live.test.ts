// The live feed of several workers, as a viewer sees it: real processes, and a burst.
import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { putAwayAfterEach, temporaryFolder } from "../support/parts.ts";
import { until } from "../support/until.ts";
import { readLive, send, sendBurst, spooledBy, startWorkers, watchLive } from "../support/workers.ts";

putAwayAfterEach();

/** Records of the burst that a feed shows, and those that it says it leaves out. */
function countIn(text: string): { shown: number; missed: number } {
  const gaps = text.matchAll(/"missed":(\d+)/g);
  return {
    shown: text.split("name=burst").length - 1,
    missed: [...gaps].reduce((sum, [, count]) => sum + Number(count), 0),
  };
}

test("supervise shows a burst of 6,000 records or tells that they are missing, and hides no quiet source", async () => {
  const file = join(temporaryFolder(), "pixelgate.json");
  const source = (id: string) => ({ id, writeKey: id, destinations: ["d"] });
  const sources = [source("demo"), source("quiet")];
  writeFileSync(file, JSON.stringify({ sources, destinations: [{ id: "d" }] }));
  const gateway = await startWorkers(2, { env: { PIXELGATE_CONFIG: file } });
  const isShown = await watchLive(gateway);
  const read = await readLive(gateway);
  const readQuiet = await readLive(gateway, "?source=quiet");
  let sent = 0;
  await until("both workers show what they take", async () => {
    await send(gateway, `first${sent++}`);
    return [0, 1].every((index) => spooledBy(gateway, index).some(isShown));
  });

  // One of these that is still on its way to the feed would count among the burst's.
  let last = "";
  await until("the feed is quiet", async () => {
    const text = read();
    const isQuiet = text === last;
    last = text;
    await new Promise((resolve) => setTimeout(resolve, 400));
    return isQuiet;
  });
  const before = countIn(read());
  expect(before).toEqual({ shown: 0, missed: 0 });
  // An overloaded gateway turns some away before there is a record of them: what was answered counts.
  const answered = await Promise.all([sendBurst(gateway, 6000, "demo"), sendBurst(gateway, 20, "quiet")]);
  const [loud, quiet] = answered;
  expect(quiet).toBeGreaterThan(0);
  await until("all of them are shown or told", () => {
    const { shown, missed } = countIn(read());
    return shown + missed >= loud + quiet;
  });
  const { shown, missed } = countIn(read());
  expect(shown + missed).toBe(loud + quiet);
  await until("the quiet source is shown", () => countIn(readQuiet()).shown === quiet);
  expect(countIn(readQuiet())).toEqual({ shown: quiet, missed: 0 });
});
