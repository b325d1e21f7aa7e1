// The rules: docs/wire-contract.md, "Identity".
import { expect, test } from "bun:test";
import { built, type Given, type Row, testEvents } from "../support/events.ts";

const UUID = "0f9ac4c3-6f5e-4f9a-8f5d-2f6f3f0a9c11";
const COOKIE: Given = { source: { anonymousId: "cookie" } };
testEvents([
  [
    "keeps an anonymousId",
    "page",
    "anonymousId=amp-abc",
    { anonymousId: "amp-abc", "context.gateway.identity": "client" },
  ],
  ["strips one pair of surrounding quotes", "page", "anonymousId=%22a-b%22", { anonymousId: "a-b" }],
  ["strips no second pair of quotes", "page", "anonymousId=%22%22a%22%22", { anonymousId: '"a"' }],
  ["keeps a quote that stands alone", "page", "anonymousId=%22a", { anonymousId: '"a' }],
  ["keeps an anonymousId of one quote", "page", "anonymousId=%22", { anonymousId: '"' }],
  ["keeps the quotes of a userId", "page", "userId=%22u%22", { userId: '"u"' }],
  [
    "keeps an encrypted cookie as it is",
    "page",
    "anonymousId=RudderEncrypt%3AU2Fsd%2BGVk%3D",
    { anonymousId: "RudderEncrypt:U2Fsd+GVk=" },
  ],
  [
    "adds no anonymousId to a userId",
    "page",
    "userId=u-1",
    { userId: "u-1", anonymousId: undefined, "context.gateway.identity": "client" },
  ],
  [
    "assigns an id when none is given",
    "page",
    "",
    { anonymousId: "new-1", "context.gateway.identity": "assigned" },
  ],
  ["takes blank ids as not given", "page", "anonymousId=&userId=%20", { anonymousId: "new-1" }],
  ["takes a quoted nothing as not given", "page", "anonymousId=%22%22", { anonymousId: "new-1" }],
  [
    "takes blank beside a userId as not given",
    "page",
    "anonymousId=%20&userId=u",
    { userId: "u", "context.gateway.identity": "client" },
  ],
  [
    "keeps a given id where a source keeps a cookie",
    "page",
    "anonymousId=a",
    { anonymousId: "a" },
    { ...COOKIE, facts: { cookie: `pixelgate_id=${UUID}` } },
  ],
  [
    "reads the visitor's cookie",
    "page",
    "",
    { anonymousId: UUID, "context.gateway.identity": "cookie" },
    { ...COOKIE, facts: { cookie: `a=b; pixelgate_id=${UUID}; c=d` } },
  ],
  [
    "reads a cookie that stands alone",
    "track",
    "event=e",
    { anonymousId: UUID },
    { ...COOKIE, facts: { cookie: `pixelgate_id=${UUID}` } },
  ],
  [
    "makes a new id in place of a forged cookie",
    "page",
    "",
    { anonymousId: "new-1" },
    { ...COOKIE, facts: { cookie: "pixelgate_id=<script>" } },
  ],
  [
    "is not misled by a cookie of a longer name",
    "page",
    "",
    { anonymousId: "new-1" },
    { ...COOKIE, facts: { cookie: `xpixelgate_id=${UUID}` } },
  ],
  [
    "reads no cookie for a source that assigns",
    "page",
    "",
    { anonymousId: "new-1", "context.gateway.identity": "assigned" },
    { facts: { cookie: `pixelgate_id=${UUID}` } },
  ],
  ...(["gpc", "dnt"] as const).map(
    (flag): Row => [
      `reads no cookie of a visitor who sends ${flag}`,
      "page",
      "",
      { anonymousId: "new-1", "context.gateway.identity": "assigned" },
      { ...COOKIE, facts: { cookie: `pixelgate_id=${UUID}`, flags: [flag] } },
    ],
  ),
]);

const cookieOf = (query: string, given: Given) => built("page", query, given).setCookie;

test("buildEvent sets the cookie when it is missing", () => {
  const cookie = cookieOf("", COOKIE);
  const [pair, ...attributes] = cookie?.split("; ") ?? [];
  expect(pair).toBe("pixelgate_id=new-1");
  expect(attributes.sort()).toEqual(["HttpOnly", "Max-Age=31536000", "Path=/", "SameSite=None", "Secure"]);
});

test("buildEvent sets no cookie where there is one, where an id is given, and for a source that keeps none", () => {
  expect(cookieOf("", { ...COOKIE, facts: { cookie: `pixelgate_id=${UUID}` } })).toBeNull();
  expect(cookieOf("anonymousId=a", COOKIE)).toBeNull();
  expect(cookieOf("userId=a", COOKIE)).toBeNull();
  expect(cookieOf("", {})).toBeNull();
});

test("buildEvent never sets a cookie with Sec-GPC or DNT", () => {
  for (const flag of ["gpc", "dnt"] as const) {
    for (const privacySignals of ["flag", "anonymise"] as const) {
      const given = { source: { anonymousId: "cookie", privacySignals }, facts: { flags: [flag] } } as const;
      expect(cookieOf("", given)).toBeNull();
    }
  }
});
