// What goes over the wire byte by byte. The rules: docs/wire-contract.md, "What the runtime answers before we can".
import { expect, test } from "bun:test";
import type { RawResponse } from "../support/socket.ts";
import { GIF_TEXT, PAGE, type Runtime, TEXT, TRACK, type World } from "./world.ts";

/** A GET as it goes over the wire. */
function written(target: string, more = ""): string {
  return `GET ${target} HTTP/1.1\r\nHost: pixel.example\r\n${more}\r\n`;
}

function expectOk(responses: readonly RawResponse[]): void {
  expect(responses.map(({ status, body }) => [status, body])).toEqual([[200, "OK"]]);
}

/** Declares the tests of requests as bytes. */
export function testWire({ get, raw, willArrive }: World, runtime: Runtime): void {
  test("HTTP/1.0 without Host is served, as load balancers probe", async () => {
    const target = `/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(PAGE)}&context.page.url=https://a.example/b?c`;
    expectOk(await raw(`GET ${target} HTTP/1.0\r\n\r\n`));
    expectOk(await raw("GET /health HTTP/1.0\r\n\r\n"));
    const [response] = await raw("GET /nowhere HTTP/1.0\r\n\r\n");
    expect(response?.status).toBe(404);
  });

  const { missingHost, url70kB, invalidUtf8, brokenChunk } = runtime.refuses;

  test(`HTTP/1.1 without Host ${missingHost === null ? "is served" : `is refused by ${runtime.name} with ${missingHost}, as RFC 9112 asks`}`, async () => {
    const messageId = missingHost === null ? willArrive(PAGE) : "no-host";
    const responses = await raw(
      `GET /pixel/v1/page?writeKey=wk_site&messageId=${messageId} HTTP/1.1\r\n\r\n`,
    );
    expect(responses[0]?.status).toBe(missingHost ?? 200);
  });

  test("an empty Host is served", async () => {
    const target = `/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(PAGE)}`;
    expectOk(await raw(`GET ${target} HTTP/1.1\r\nHost:\r\n\r\n`));
  });

  test(`a URL of 70 KB ${url70kB === null ? "gets a 414 of ours" : `is refused by ${runtime.name}'s server, which reads targets up to 64 KiB, with ${url70kB}`}`, async () => {
    const [response] = await raw(
      written(`/pixel/v1/page.gif?writeKey=wk_site&messageId=long&a=${"x".repeat(70_000)}`),
    );
    expect(response?.status).toBe(url70kB ?? 414);
    if (url70kB === null) expect(response?.body).toBe(GIF_TEXT);
  });

  test("a target in absolute form is served", async () => {
    const target = `http://proxied.example/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(PAGE)}`;
    expectOk(await raw(written(target)));
  });

  test("pipelined requests are answered in order", async () => {
    const refused = "/pixel/v1/track?writeKey=wk_site";
    const bytes = [refused, "/health", "/pixel/v1/page.gif", "/nowhere"].map((target) => written(target));
    const responses = await raw(bytes.join(""), ["GET", "GET", "GET", "GET"]);
    expect(responses.map(({ status, body }) => [status, body])).toEqual([
      [400, "track: Mandatory field 'event' missing"],
      [200, "OK"],
      [400, GIF_TEXT],
      [404, "not found"],
    ]);
  });

  const { pipelinesPending } = runtime;
  const pendingTitle = pipelinesPending
    ? "is answered after it"
    : `ends the connection, for ${runtime.name}'s server cannot hold it: an event is answered for when it is safe`;
  test(`a request pipelined behind an accepted event ${pendingTitle}`, async () => {
    const page = `/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(PAGE)}`;
    const next = pipelinesPending ? willArrive(TRACK) : "never-read";
    const track = `/pixel/v1/track.gif?writeKey=wk_site&event=e&messageId=${next}`;
    const responses = await raw(written(page) + written(track), ["GET", "GET"]);
    const answers: [number, string][] = [
      [200, "OK"],
      [200, GIF_TEXT],
    ];
    expect(responses.map(({ status, body }) => [status, body])).toEqual(pipelinesPending ? answers : []);
  });

  test("HEAD sends no body, and the connection goes on", async () => {
    const head = "HEAD /pixel/v1/page.gif?writeKey=wk_site HTTP/1.1\r\nHost: x\r\n\r\n";
    const [first, second] = await raw(head + written("/health"), ["HEAD", "GET"]);
    expect(first?.headers.get("content-length")).toBe("43");
    expect([second?.status, second?.body]).toEqual([200, "OK"]);
  });

  test("a query ends at #", async () => {
    const target = `/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(PAGE)}&name=hash#b&name2=c`;
    expectOk(await raw(written(target)));
  });

  test("characters that browsers send raw are kept", async () => {
    const target = `/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(PAGE)}&name=raw&t={{id}}*|E|*^[];\`\\50%%20off`;
    expectOk(await raw(written(target)));
  });

  test("UTF-8 bytes are read as UTF-8", async () => {
    const target = `/pixel/v1/page?writeKey=wk_site&messageId=${willArrive(PAGE)}&name=café+☕`;
    expectOk(await raw(Buffer.from(written(target), "utf8")));
  });

  test(`bytes that are not UTF-8 ${invalidUtf8 === null ? "become U+FFFD" : `are refused by ${runtime.name}'s server with ${invalidUtf8}`}`, async () => {
    const messageId = invalidUtf8 === null ? willArrive(PAGE) : "latin1";
    const target = `/pixel/v1/page?writeKey=wk_site&messageId=${messageId}&name=caf\xe9`;
    const [response] = await raw(Buffer.from(written(target), "latin1"));
    expect(response?.status).toBe(invalidUtf8 ?? 200);
  });

  const chunked = (messageId: string, chunks: string) =>
    written(`/pixel/v1/page?writeKey=wk_site&messageId=${messageId}`, "Transfer-Encoding: chunked\r\n") +
    chunks;

  test("a body in chunks is not looked at", async () => {
    for (const chunks of ["0\r\n\r\n", "5\r\nhello\r\n0\r\n\r\n", ""]) {
      expectOk(await raw(chunked(willArrive(PAGE), chunks)));
    }
  });

  test(`a body that claims to be chunked and is not makes no event, and ${runtime.name}'s server ${brokenChunk === null ? "closes the connection" : `answers ${brokenChunk}`}`, async () => {
    for (const chunks of ["zz\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\nzz\r\n"]) {
      // An event that is not announced would make the last test fail.
      const [response] = await raw(chunked("broken-chunk", chunks));
      expect(response?.status).toBe(brokenChunk ?? undefined);
    }
  });

  test("a forged X-Forwarded-For reaches no further than the proxies that are trusted", async () => {
    const target = `/pixel/v1/page?writeKey=wk_site&name=proxied&messageId=${willArrive(PAGE)}`;
    await get(target, { ...TEXT, "X-Forwarded-For": "1.1.1.1, 203.0.113.5, 127.0.0.9" });
  });
}
