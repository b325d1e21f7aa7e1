import { expect, test } from "bun:test";
import { expectGif, expectText, IMAGE, startApp } from "../support/publicapp.ts";

test("createApp gives an image client the GIF on success and on rejection", async () => {
  const { send } = startApp();
  expectGif(await send("/pixel/v1/page?writeKey=wk_blog", IMAGE), 200);
  expectGif(await send("/pixel/v1/page?writeKey=nobody", IMAGE), 400, "invalid write key");
  expectGif(
    await send("/pixel/v1/track?writeKey=wk_blog", IMAGE),
    400,
    "track: Mandatory field 'event' missing",
  );
  expectGif(
    await send(`/pixel/v1/page?writeKey=wk_blog&a=${"x".repeat(2048)}`, IMAGE),
    414,
    "request target too long: more than 2048 bytes",
  );
});

test("createApp tells a text client OK or the reason", async () => {
  const { send } = startApp();
  expectText(await send("/pixel/v1/page?writeKey=wk_blog"), 200, "OK");
  expectText(await send("/pixel/v1/page?writeKey=nobody"), 400, "invalid write key");
  expectText(await send("/pixel/v1/page"), 400, "failed to read writekey from query params");
  expectText(
    await send(`/pixel/v1/page?a=${"x".repeat(2048)}`),
    414,
    "request target too long: more than 2048 bytes",
  );
});

test("createApp replies as the source says, whatever the client", async () => {
  const { send } = startApp();
  expectGif(await send("/pixel/v1/page?writeKey=wk_gif"), 200);
  expectGif(await send("/pixel/v1/track?writeKey=wk_gif"), 400, "track: Mandatory field 'event' missing");
  expectText(await send("/pixel/v1/page?writeKey=wk_text", IMAGE), 200, "OK");
  const { headers } = await send("/pixel/v1/page?writeKey=wk_gif", { method: "HEAD" });
  expect(headers.get("content-type")).toBe("image/gif");
});

test("createApp answers .gif with the GIF, whatever the client and the source", async () => {
  const { send } = startApp();
  expectGif(
    await send("/pixel/v1/page.gif?writeKey=wk_text", { headers: { "Sec-Fetch-Dest": "empty" } }),
    200,
  );
  expectGif(await send("/pixel/v1/page.gif?writeKey=nobody"), 400, "invalid write key");
  expectGif(
    await send(`/pixel/v1/page.gif?a=${"x".repeat(2048)}`),
    414,
    "request target too long: more than 2048 bytes",
  );
});

test("createApp sets the cookie of a source that keeps one", async () => {
  const { send } = startApp();
  const { headers } = await send("/pixel/v1/page?writeKey=wk_cookie", IMAGE);
  expect(headers.get("set-cookie")).toStartWith("pixelgate_id=new-1; ");
  const private_ = await send("/pixel/v1/page?writeKey=wk_cookie", { headers: { "Sec-GPC": "1" } });
  expect(private_.headers.get("set-cookie")).toBeNull();
});

test("createApp answers a dropped event with 200 and says why", async () => {
  const { send, outgoing, counts, rejected } = startApp();
  const answer = await send("/pixel/v1/page?writeKey=wk_strict", {
    headers: { "User-Agent": "Googlebot/2.1" },
  });
  expectText(answer, 200, "OK");
  expect(answer.headers.get("x-pixelgate-dropped")).toBe("bot");
  expect([outgoing, rejected]).toEqual([[], []]);
  expect(counts).toEqual([["dropped", "page", "strict", "bot"]]);
});

test("createApp answers a source over its rate with 429 and Retry-After", async () => {
  const { send, counts, rejected } = startApp();
  await send("/pixel/v1/page?writeKey=wk_slow");
  const answer = await send("/pixel/v1/page?writeKey=wk_slow");
  expectText(answer, 429, "source is over its rate limit");
  expect(answer.headers.get("retry-after")).toBe("1");
  expect(counts[1]).toEqual(["rejected", "page", "slow", "source is over its rate limit"]);
  expect(rejected).toEqual([]);
});
