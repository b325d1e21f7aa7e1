// The rules: docs/wire-contract.md, "The form of an answer" and "Headers of every answer".
import { expect, test } from "bun:test";

import { Rejection } from "../../src/pixel/rejection.ts";
import {
  GIF,
  replyAccepted,
  replyDropped,
  replyHead,
  replyOptions,
  replyRejected,
  replyText,
} from "../../src/pixel/reply.ts";

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
