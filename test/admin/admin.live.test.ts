import { afterAll, expect, test } from "bun:test";
import { openPorts } from "../support/ports.ts";
import { until } from "../support/until.ts";

const ports = openPorts();
const { adminUrl, publicUrl } = ports;
afterAll(async () => {
  await ports.close();
  expect(ports.faults).toEqual([]);
});

const ask = (path: string, init?: RequestInit) => fetch(`${adminUrl}${path}`, init);

/** Reads a stream until its text fits. */
async function readLive(
  query: string,
  act: () => Promise<unknown>,
  fits: (text: string) => boolean,
): Promise<string> {
  const abort = new AbortController();
  const response = await ask(`/live${query}`, { signal: abort.signal });
  expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
  if (response.body === null) throw new Error("no body");
  await act();
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true });
    if (fits(text)) break;
  }
  abort.abort();
  return text;
}

test("createAdmin streams accepted and refused requests as they happen", async () => {
  const text = await readLive(
    "",
    async () => {
      await fetch(`${publicUrl}/pixel/v1/page?writeKey=wk_blog&name=Streamed`);
      await fetch(`${publicUrl}/pixel/v1/track?writeKey=wk_blog`);
      await fetch(`${publicUrl}/pixel/v1/page?writeKey=nobody`);
    },
    (text) => text.includes("invalid write key"),
  );
  const records = [...text.matchAll(/^data: (.*)$/gm)].map(([, json]) => JSON.parse(json ?? ""));
  expect(records).toMatchObject([
    { outcome: "spooled", sourceId: "blog", destinations: ["warehouse"], event: { name: "Streamed" } },
    { outcome: "rejected", status: 400, reason: "track: Mandatory field 'event' missing", event: null },
    { outcome: "rejected", sourceId: null, reason: "invalid write key" },
  ]);
});

test("createAdmin streams only what the filter admits", async () => {
  const text = await readLive(
    "?outcome=rejected&source=blog",
    async () => {
      await fetch(`${publicUrl}/pixel/v1/page?writeKey=wk_blog`);
      await fetch(`${publicUrl}/pixel/v1/page?writeKey=nobody`);
      await fetch(`${publicUrl}/pixel/v1/track?writeKey=wk_blog&a=wanted`);
    },
    (text) => text.includes("a=wanted"),
  );
  expect(text.match(/^data: /gm)).toHaveLength(1);
});

test("createAdmin refuses a filter that it cannot read", async () => {
  const response = await ask("/live?type=identify");
  expect([response.status, await response.text()]).toEqual([
    400,
    'Cannot filter by type: "identify" is not page or track',
  ]);
});

test("createAdmin stops watching when the last viewer is gone", async () => {
  await readLive(
    "",
    async () => expect(ports.live.isWatched).toBe(true),
    (text) => text.includes("watching"),
  );
  await until("nobody watches", () => !ports.live.isWatched);
  expect(ports.live.isWatched).toBe(false);
});

test("createAdmin opens no stream for HEAD", async () => {
  const response = await ask("/live", { method: "HEAD" });
  expect(response.status).toBe(200);
  expect(ports.live.isWatched).toBe(false);
});
