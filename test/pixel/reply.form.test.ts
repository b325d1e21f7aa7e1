import { describe, expect, test } from "bun:test";
import { chooseReplyForm, type ReplyForm, readReplyForm } from "../../src/pixel/reply.ts";

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

describe("chooseReplyForm", () => {
  const IMAGE = new Headers({ "Sec-Fetch-Dest": "image" });
  const FETCH = new Headers({ "Sec-Fetch-Dest": "empty" });
  const rows: readonly [pathForm: ReplyForm | null, sourceForm: ReplyForm | null, ReplyForm, ReplyForm][] = [
    [null, null, "gif", "text"],
    [null, "gif", "gif", "gif"],
    [null, "text", "text", "text"],
    ["gif", null, "gif", "gif"],
    ["gif", "gif", "gif", "gif"],
    ["gif", "text", "gif", "gif"],
  ];
  for (const [pathForm, sourceForm, toImage, toFetch] of rows) {
    test(`chooseReplyForm asks a path for ${pathForm}, then a source for ${sourceForm}, then the client`, () => {
      expect(chooseReplyForm(pathForm, sourceForm, IMAGE)).toBe(toImage);
      expect(chooseReplyForm(pathForm, sourceForm, FETCH)).toBe(toFetch);
    });
  }
});
