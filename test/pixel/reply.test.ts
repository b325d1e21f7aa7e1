import { describe, expect, test } from "bun:test";
import { Rejection } from "../../src/pixel/rejection.ts";
import {
  GIF,
  type ReplyForm,
  readReplyForm,
  replyAccepted,
  replyDropped,
  replyHead,
  replyOptions,
  replyRejected,
  replyText,
} from "../../src/pixel/reply.ts";

const CHROME =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36";
const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
const SAFARI =
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/15.6 Safari/605.1.15";
const CHROME_IMAGE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
const NAVIGATION = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

describe("readReplyForm", () => {
  const rows: readonly [client: string, form: ReplyForm, headers: Record<string, string>][] = [
    [
      "an <img> of Chrome",
      "gif",
      { "Sec-Fetch-Dest": "image", "Sec-Fetch-Mode": "no-cors", Accept: CHROME_IMAGE, "User-Agent": CHROME },
    ],
    [
      "an <img> of Firefox",
      "gif",
      {
        "Sec-Fetch-Dest": "image",
        Accept: "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
        "User-Agent": FIREFOX,
      },
    ],
    [
      "an <img> of Safari without Sec-Fetch",
      "gif",
      {
        Accept:
          "image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
        "User-Agent": SAFARI,
      },
    ],
    ["an <img> of Chrome over plain http", "gif", { Accept: CHROME_IMAGE, "User-Agent": CHROME }],
    [
      "an <img> of an old Firefox",
      "gif",
      { Accept: "*/*", "User-Agent": "Mozilla/5.0 (Windows NT 6.1; rv:60.0) Gecko/20100101 Firefox/60.0" },
    ],
    [
      "an <img> of Internet Explorer",
      "gif",
      {
        Accept: "image/png, image/svg+xml, image/*;q=0.8, */*;q=0.5",
        "User-Agent": "Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko",
      },
    ],
    ["Sec-Fetch-Dest alone", "gif", { "Sec-Fetch-Dest": "image" }],
    ["a fetch of Chrome", "text", { "Sec-Fetch-Dest": "empty", Accept: "*/*", "User-Agent": CHROME }],
    ["a fetch of Firefox", "text", { "Sec-Fetch-Dest": "empty", Accept: "*/*", "User-Agent": FIREFOX }],
    [
      "a fetch that accepts images",
      "text",
      { "Sec-Fetch-Dest": "empty", Accept: "image/*", "User-Agent": CHROME },
    ],
    [
      "a navigation of Chrome",
      "text",
      { "Sec-Fetch-Dest": "document", Accept: NAVIGATION, "User-Agent": CHROME },
    ],
    ["a navigation of Safari without Sec-Fetch", "text", { Accept: NAVIGATION, "User-Agent": SAFARI }],
    ["a script", "text", { "Sec-Fetch-Dest": "script", Accept: "*/*", "User-Agent": CHROME }],
    ["an iframe", "text", { "Sec-Fetch-Dest": "iframe", Accept: NAVIGATION, "User-Agent": CHROME }],
    ["Outlook", "gif", { Accept: "*/*", "User-Agent": "Mozilla/4.0 (compatible; ms-office; MSOffice 16)" }],
    [
      "Outlook under another name",
      "gif",
      {
        Accept: "*/*",
        "User-Agent": "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17928; Pro)",
      },
    ],
    [
      "Gmail's proxy",
      "gif",
      {
        "User-Agent":
          "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
      },
    ],
    [
      "Gmail's proxy with Accept",
      "gif",
      {
        Accept: "*/*",
        "User-Agent":
          "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
      },
    ],
    [
      "Yahoo's proxy",
      "gif",
      {
        Accept: "*/*",
        "User-Agent": "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
      },
    ],
    ["Apple's privacy proxy", "gif", { Accept: "*/*", "User-Agent": "Mozilla/5.0" }],
    [
      "Apple's privacy proxy with image types",
      "gif",
      { Accept: "image/webp,image/avif,*/*;q=0.8", "User-Agent": "Mozilla/5.0" },
    ],
    [
      "Thunderbird",
      "gif",
      {
        Accept: "*/*",
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.5.0",
      },
    ],
    ["a wildcard with space around it", "gif", { Accept: " */* ", "User-Agent": CHROME }],
    ["curl", "text", { Accept: "*/*", "User-Agent": "curl/8.14.1" }],
    ["wget", "text", { Accept: "*/*", "User-Agent": "Wget/1.25.0" }],
    ["a Python library", "text", { Accept: "*/*", "User-Agent": "python-requests/2.32.4" }],
    ["a Go library", "text", { "User-Agent": "Go-http-client/1.1" }],
    ["a Node library", "text", { Accept: "*/*", "User-Agent": "node" }],
    ["axios", "text", { Accept: "application/json, text/plain, */*", "User-Agent": "axios/1.13.2" }],
    ["a library that asks for an image", "gif", { Accept: "image/gif", "User-Agent": "okhttp/5.3.0" }],
    ["a client without headers", "text", {}],
  ];
  for (const [client, form, headers] of rows) {
    test(`readReplyForm takes ${client} for a ${form} client`, () => {
      expect(readReplyForm(new Headers(headers))).toBe(form);
    });
  }
});

const COMMON = {
  "cache-control": "no-store, no-cache, must-revalidate, private",
  "access-control-allow-origin": "*",
  "cross-origin-resource-policy": "cross-origin",
};

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

async function read(response: Response): Promise<Answer> {
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: new Uint8Array(await response.arrayBuffer()),
  };
}

const gif = GIF;
const text = (body: string) => new TextEncoder().encode(body);
const GIF_TYPE = { "content-type": "image/gif" };
const TEXT_TYPE = { "content-type": "text/plain; charset=utf-8" };

test("GIF is 43 bytes: one pixel, transparent", () => {
  expect(GIF.length).toBe(43);
  expect(new TextDecoder("latin1").decode(GIF.subarray(0, 6))).toBe("GIF89a");
  expect([GIF[6], GIF[7], GIF[8], GIF[9]]).toEqual([1, 0, 1, 0]);
  // A graphic control extension whose flag says that one colour is transparent.
  const control = GIF.indexOf(0xf9);
  expect((GIF[control + 2] ?? 0) & 1).toBe(1);
  expect(GIF[42]).toBe(0x3b);
});

const ANSWERS: readonly [rule: string, response: () => Response, answer: Answer][] = [
  [
    "replyAccepted tells a text client OK",
    () => replyAccepted("text", null),
    { status: 200, headers: { ...COMMON, ...TEXT_TYPE }, body: text("OK") },
  ],
  [
    "replyAccepted gives an image client the GIF",
    () => replyAccepted("gif", null),
    { status: 200, headers: { ...COMMON, ...GIF_TYPE }, body: gif },
  ],
  [
    "replyAccepted sets the cookie",
    () => replyAccepted("gif", "pixelgate_id=x; Secure"),
    { status: 200, headers: { ...COMMON, ...GIF_TYPE, "set-cookie": "pixelgate_id=x; Secure" }, body: gif },
  ],
  [
    "replyDropped tells a text client OK and why",
    () => replyDropped("text", "bot"),
    { status: 200, headers: { ...COMMON, ...TEXT_TYPE, "x-pixelgate-dropped": "bot" }, body: text("OK") },
  ],
  [
    "replyDropped gives an image client the GIF and why",
    () => replyDropped("gif", "gpc"),
    { status: 200, headers: { ...COMMON, ...GIF_TYPE, "x-pixelgate-dropped": "gpc" }, body: gif },
  ],
  [
    "replyRejected tells a text client the reason",
    () => replyRejected("text", new Rejection(400, "no")),
    { status: 400, headers: { ...COMMON, ...TEXT_TYPE }, body: text("no") },
  ],
  [
    "replyRejected gives an image client the GIF and the reason",
    () => replyRejected("gif", new Rejection(400, "no")),
    { status: 400, headers: { ...COMMON, ...GIF_TYPE, "x-pixelgate-error": "no" }, body: gif },
  ],
  [
    "replyRejected keeps 414 honest for an image client",
    () => replyRejected("gif", new Rejection(414, "long")),
    { status: 414, headers: { ...COMMON, ...GIF_TYPE, "x-pixelgate-error": "long" }, body: gif },
  ],
  [
    "replyRejected says with 503 when to come again",
    () => replyRejected("text", new Rejection(503, "later")),
    { status: 503, headers: { ...COMMON, ...TEXT_TYPE, "retry-after": "1" }, body: text("later") },
  ],
  [
    "replyRejected says with 429 when to come again",
    () => replyRejected("gif", new Rejection(429, "slow")),
    {
      status: 429,
      headers: { ...COMMON, ...GIF_TYPE, "x-pixelgate-error": "slow", "retry-after": "1" },
      body: gif,
    },
  ],
  [
    "replyHead has the headers of the GIF and no body",
    () => replyHead("gif"),
    { status: 200, headers: { ...COMMON, ...GIF_TYPE, "content-length": "43" }, body: text("") },
  ],
  [
    "replyHead has the headers of OK and no body",
    () => replyHead("text"),
    { status: 200, headers: { ...COMMON, ...TEXT_TYPE, "content-length": "2" }, body: text("") },
  ],
  [
    "replyOptions admits every page, and none with credentials",
    () => replyOptions(),
    {
      status: 204,
      headers: {
        ...COMMON,
        "access-control-allow-methods": "GET, HEAD, OPTIONS",
        "access-control-allow-headers": "*",
        "access-control-max-age": "86400",
      },
      body: text(""),
    },
  ],
  [
    "replyText carries its own headers",
    () => replyText(405, "no", { Allow: "GET" }),
    { status: 405, headers: { ...COMMON, ...TEXT_TYPE, allow: "GET" }, body: text("no") },
  ],
];
for (const [rule, response, answer] of ANSWERS) {
  test(rule, async () => {
    expect(await read(response())).toEqual(answer);
    // Ready responses are cloned: a second answer is whole, and knows nothing of the first.
    expect(await read(response())).toEqual(answer);
  });
}

test("replyAccepted forgets the cookie of the answer before", async () => {
  replyAccepted("text", "pixelgate_id=x");
  expect(replyAccepted("text", null).headers.get("set-cookie")).toBeNull();
});
