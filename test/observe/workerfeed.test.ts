// A worker's part of the live feed and its supervisor's, without a process between them.
import { expect, test } from "bun:test";
import type { LiveFilter } from "../../src/observe/filter.ts";
import { createLive } from "../../src/observe/live.ts";
import type { LiveRecord } from "../../src/observe/observer.ts";
import { createWorkerFeed } from "../../src/observe/workerfeed.ts";
import { createHandClock } from "../support/clock.ts";

const EVERYTHING: LiveFilter = { sources: [], destinations: [], types: [], outcomes: [] };

const record = (sourceId: string, target = "/"): LiveRecord => ({
  receivedMs: 0,
  type: "page",
  outcome: "published",
  reason: null,
  status: 200,
  sourceId,
  destinations: [],
  target,
  userAgent: null,
  payload: null,
});

/** Watches two workers' feeds through one live feed, for each filter; `read` has the sources shown and the number missed. */
function watchTwo(filters: readonly LiveFilter[]) {
  const clock = createHandClock();
  const live = createLive(clock);
  const readers = filters.map((filter) => {
    const stream = live.watch(filter);
    if (stream === null) throw new Error("no place for a viewer");
    return stream.getReader();
  });
  const feeds = [createWorkerFeed(), createWorkerFeed()];
  const tell = () => {
    for (const feed of feeds) feed.watch(live.viewers);
  };
  tell();
  const carry = () => {
    for (const feed of feeds) {
      const batch = feed.take();
      if (batch !== null) live.showBatch(batch);
    }
    clock.advance(100);
  };
  const read = async (at: number) => {
    live.close();
    let text = "";
    for (let part = await readers[at]?.read(); part?.done === false; part = await readers[at]?.read()) {
      text += new TextDecoder().decode(part.value);
    }
    const shown = Array.from(text.matchAll(/"sourceId":"([a-z]+)"/g), ([, id = ""]) => id);
    const gaps = [...text.matchAll(/"missed":(\d+)/g)];
    return { shown, missed: gaps.reduce((sum, [, count]) => sum + Number(count), 0) };
  };
  return { live, feeds, readers, tell, carry, read };
}

test("createWorkerFeed tells what it leaves out: of a burst, shown and missed are all there were", async () => {
  const { feeds, carry, read } = watchTwo([EVERYTHING]);
  for (let index = 0; index < 6000; index++) feeds[index % 2]?.show(record("loud"));
  carry();
  carry();
  const { shown, missed } = await read(0);
  expect(shown.length).toBeGreaterThan(200);
  expect(shown.length + missed).toBe(6000);
});

test("createWorkerFeed filters before the cap: a loud source starves nobody who looks at another", async () => {
  const { feeds, carry, read } = watchTwo([EVERYTHING, { ...EVERYTHING, sources: ["quiet"] }]);
  for (let index = 0; index < 3000; index++) feeds[0]?.show(record("loud"));
  feeds[0]?.show(record("quiet"));
  carry();
  carry();
  expect(await read(1)).toEqual({ shown: ["quiet"], missed: 0 });
  const { shown, missed } = await read(0);
  // The quiet one's record is over the cap here: it came for another viewer, and counts as missed.
  expect(shown).not.toContain("quiet");
  expect(shown.length + missed).toBe(3001);
});

test("createWorkerFeed bounds what it holds by its letters too", () => {
  const { feeds } = watchTwo([EVERYTHING]);
  for (let index = 0; index < 100; index++) feeds[0]?.show(record("long", "x".repeat(100_000)));
  const batch = feeds[0]?.take();
  expect(batch?.records.length).toBe(11);
  expect(batch?.missed).toEqual([{ viewer: 1, count: 89 }]);
});

test("createWorkerFeed keeps nothing while nobody watches, nor what a viewer who has left would have seen", async () => {
  const { live, feeds, readers, tell } = watchTwo([EVERYTHING]);
  const [feed] = feeds;
  expect(feed?.isWatched).toBe(true);
  await readers[0]?.cancel();
  feed?.show(record("late"));
  const batch = feed?.take();
  expect(batch?.records).toHaveLength(1);
  if (batch) live.showBatch(batch);
  tell();
  expect(feed?.isWatched).toBe(false);
  feed?.show(record("later"));
  expect(feed?.take()).toBeNull();
});

test("createWorkerFeed keeps what waits for a viewer when another one comes", () => {
  const { live, feeds, tell } = watchTwo([EVERYTHING]);
  const [feed] = feeds;
  for (let index = 0; index < 300; index++) feed?.show(record("a"));
  live.watch(EVERYTHING);
  tell();
  expect(feed?.take()).toMatchObject({ missed: [{ viewer: 1, count: 50 }] });
});
