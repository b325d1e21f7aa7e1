import { afterEach, expect, test } from "bun:test";
import type { LiveFilter } from "../../src/observe/filter.ts";
import { createLive, type Live } from "../../src/observe/live.ts";
import type { LiveRecord } from "../../src/observe/observer.ts";
import { createHandClock } from "../support/clock.ts";

const EVERYTHING: LiveFilter = { sources: [], destinations: [], types: [], outcomes: [] };

let live: Live = createLive();
afterEach(() => {
  live.close();
  live = createLive();
});

function record(part: Partial<LiveRecord> = {}): LiveRecord {
  return {
    receivedMs: Date.UTC(2026, 10, 23, 10),
    type: "page",
    outcome: "published",
    reason: null,
    status: 200,
    sourceId: "blog",
    destinations: ["warehouse"],
    target: "/pixel/v1/page?writeKey=wk_blog",
    userAgent: "curl/8",
    payload: '{"type":"page","name":"Hello"}',
    ...part,
  };
}

function watch(filter: LiveFilter = EVERYTHING) {
  const stream = live.watch(filter);
  if (stream === null) throw new Error("no place for a viewer");
  return stream.getReader();
}

/** Reads until the text so far fits, or the stream ends. */
async function readUntil(reader: ReturnType<typeof watch>, fits: (text: string) => boolean) {
  let text = "";
  while (!fits(text)) {
    const { done, value } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  return text;
}

/** The data of every message in a text of server-sent events. */
function messages(text: string): Record<string, unknown>[] {
  return [...text.matchAll(/^data: ([^\n]*)$/gm)].map(([, json]) => JSON.parse(json ?? ""));
}

test("createLive is watched only while a viewer is there", async () => {
  expect(live.isWatched).toBe(false);
  const reader = watch();
  expect(live.isWatched).toBe(true);
  await reader.cancel();
  expect(live.isWatched).toBe(false);
});

test("createLive keeps nothing from before a viewer came", async () => {
  live.show(record({ target: "/before" }));
  const reader = watch();
  live.show(record({ target: "/after" }));
  const text = await readUntil(reader, (text) => text.includes("/after"));
  expect(messages(text)).toHaveLength(1);
});

test("createLive sends a record as JSON with the event inside", async () => {
  const reader = watch();
  live.show(record());
  const [message] = messages(await readUntil(reader, (text) => text.includes("data:")));
  expect(message).toEqual({
    receivedAt: "2026-11-23T10:00:00.000Z",
    type: "page",
    outcome: "published",
    reason: null,
    status: 200,
    sourceId: "blog",
    destinations: ["warehouse"],
    target: "/pixel/v1/page?writeKey=wk_blog",
    userAgent: "curl/8",
    event: { type: "page", name: "Hello" },
  });
});

test("createLive keeps a hostile record on one line of its frame", async () => {
  const reader = watch();
  const target = "/pixel/v1/page?a=\n\ndata: {}\r\u2028";
  live.show(record({ target, userAgent: "\nevent: gap", payload: null }));
  const [message] = messages(await readUntil(reader, (text) => text.includes("data:")));
  expect(message).toMatchObject({ target, userAgent: "\nevent: gap", event: null });
});

const filters = [
  ["source", { ...EVERYTHING, sources: ["blog"] }, record(), record({ sourceId: "shop" })],
  ["no source", { ...EVERYTHING, sources: [""] }, record({ sourceId: null }), record()],
  ["destination", { ...EVERYTHING, destinations: ["warehouse"] }, record(), record({ destinations: [] })],
  ["type", { ...EVERYTHING, types: ["page"] }, record(), record({ type: "track" })],
  ["outcome", { ...EVERYTHING, outcomes: ["published"] }, record(), record({ outcome: "rejected" })],
] as const;

for (const [what, filter, wanted, unwanted] of filters) {
  test(`createLive filters by ${what}`, async () => {
    const reader = watch(filter);
    live.show({ ...unwanted, target: "/unwanted" });
    live.show({ ...wanted, target: "/wanted" });
    const text = await readUntil(reader, (text) => text.includes("/wanted"));
    expect(messages(text).map(({ target }) => target)).toEqual(["/wanted"]);
  });
}

test("createLive counts what a burst leaves out as a gap and loses no count", async () => {
  const reader = watch();
  const sent = 5000;
  for (let i = 0; i < sent; i++) live.show(record());
  const text = await readUntil(reader, (text) => text.includes("event: gap\ndata: "));
  const gap = /event: gap\ndata: (.*)\n/.exec(text)?.[1] ?? "{}";
  const shown = messages(text).filter((message) => "target" in message).length;
  expect(shown).toBeGreaterThan(0);
  expect(shown + (JSON.parse(gap).missed as number)).toBe(sent);
});

test("createLive bounds what it holds for a viewer that does not read", async () => {
  const reader = watch();
  const other = watch();
  const letters = "x".repeat(10_000);
  const before = process.memoryUsage().arrayBuffers;
  // 200 MB in all; the slow viewer may cost its buffers alone.
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 1000; i++) live.show(record({ target: letters }));
    await other.read();
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
  expect(live.isWatched).toBe(true);
  await reader.cancel();
  await other.cancel();
});

test("createLive lets in a bounded number of viewers and takes one again when one leaves", async () => {
  const readers = [];
  for (let stream = live.watch(EVERYTHING); stream !== null; stream = live.watch(EVERYTHING)) {
    readers.push(stream.getReader());
    expect(readers.length).toBeLessThan(1000);
  }
  await readers[0]?.cancel();
  const again = live.watch(EVERYTHING);
  expect(again).not.toBeNull();
  await again?.cancel();
});

test("createLive ends a stream with what was still to be sent when it closes", async () => {
  const reader = watch();
  live.show(record({ target: "/last" }));
  live.close();
  expect(await readUntil(reader, () => false)).toContain("/last");
  expect(live.isWatched).toBe(false);
});

test("createLive sends a comment to a viewer that has nothing to see, and ends one that never reads", async () => {
  const clock = createHandClock();
  const slow = createLive(clock);
  const reader = slow.watch(EVERYTHING)?.getReader();
  if (reader === undefined) throw new Error("no place for a viewer");
  await reader.read();
  clock.advance(20_000);
  const { value } = await reader.read();
  expect(new TextDecoder().decode(value)).toMatch(/^:/);

  const letters = "x".repeat(50_000);
  for (let i = 0; i < 30; i++) slow.show(record({ target: letters }));
  clock.advance(60_000);
  expect(slow.isWatched).toBe(true);
  clock.advance(200);
  expect(slow.isWatched).toBe(false);
});
