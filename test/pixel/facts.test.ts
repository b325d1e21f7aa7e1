// The rules: docs/wire-contract.md, "Fields" and "The client address".
import { describe, expect, test } from "bun:test";
import { BlockList } from "node:net";
import type { SourcePolicy } from "../../src/pixel/build.ts";
import { type RequestFacts, readFacts } from "../../src/pixel/facts.ts";
import { type Given, type Row, testEvents } from "../support/events.ts";

describe("page facts", () => {
  const REFERER: Given = { facts: { referer: "https://site.example/p" } };
  testEvents([
    ...(["path", "url", "referrer", "title"] as const).flatMap((fact): Row[] => [
      [
        `copies context.page.${fact} to the properties of a page`,
        "page",
        `context.page.${fact}=v`,
        { [`context.page.${fact}`]: "v", properties: { [fact]: "v" } },
      ],
      [
        `copies properties.${fact} of a page to context.page`,
        "page",
        `properties.${fact}=v`,
        { "context.page": { [fact]: "v" }, [`properties.${fact}`]: "v" },
      ],
      [
        `lets both values of ${fact} of a page stand`,
        "page",
        `properties.${fact}=a&context.page.${fact}=b`,
        { [`context.page.${fact}`]: "b", [`properties.${fact}`]: "a" },
      ],
      [
        `copies no ${fact} on a track event`,
        "track",
        `event=e&properties.${fact}=a`,
        { "context.page": undefined, properties: { [fact]: "a" } },
      ],
      [
        `adds no ${fact} to the properties of a track event`,
        "track",
        `event=e&context.page.${fact}=a`,
        { "context.page": { [fact]: "a" }, properties: undefined },
      ],
    ]),
    ["copies an empty fact like any other", "page", "context.page.title=", { "properties.title": "" }],
    [
      "copies facts both ways at once",
      "page",
      "context.page.path=/a&properties.title=T",
      { "context.page": { path: "/a", title: "T" }, properties: { path: "/a", title: "T" } },
    ],
    [
      "copies nothing but the four facts",
      "page",
      "context.page.search=s&properties.key=k",
      { "context.page": { search: "s" }, properties: { key: "k" } },
    ],
    [
      "adds neither properties nor context.page where no fact is known",
      "page",
      "",
      { properties: undefined, "context.page": undefined },
    ],
    [
      "takes the url of a page from Referer",
      "page",
      "",
      { "context.page.url": "https://site.example/p", "properties.url": "https://site.example/p" },
      REFERER,
    ],
    [
      "takes the url of a page's properties before Referer",
      "page",
      "properties.url=u",
      { "context.page.url": "u", "properties.url": "u" },
      REFERER,
    ],
    [
      "takes the url of context.page before Referer",
      "page",
      "context.page.url=u",
      { "context.page.url": "u", "properties.url": "u" },
      REFERER,
    ],
    [
      "takes the url of a track event from Referer, and gives its properties nothing",
      "track",
      "event=e",
      { "context.page": { url: "https://site.example/p" }, properties: undefined },
      REFERER,
    ],
    [
      "does not read the url of a track event from its properties",
      "track",
      "event=e&properties.url=mine",
      { "context.page": { url: "https://site.example/p" }, properties: { url: "mine" } },
      REFERER,
    ],
    [
      "never takes Referer as the page's referrer",
      "page",
      "",
      { "context.page.referrer": undefined },
      REFERER,
    ],
  ]);
});

describe("context", () => {
  const HEADERS: Given = { facts: { userAgent: "Agent/1", locale: "de-CH" } };
  const address = (address: string, ip: SourcePolicy["ip"] = "keep"): Given => ({
    source: { ip },
    facts: { address },
  });
  testEvents([
    ["takes the user agent from its header", "page", "", { "context.userAgent": "Agent/1" }, HEADERS],
    [
      "keeps a user agent that is sent",
      "page",
      "context.userAgent=Mine",
      { "context.userAgent": "Mine" },
      HEADERS,
    ],
    ["takes the locale from its header", "page", "", { "context.locale": "de-CH" }, HEADERS],
    ["keeps a locale that is sent", "page", "context.locale=fr", { "context.locale": "fr" }, HEADERS],
    [
      "takes nothing from headers that are not there",
      "page",
      "",
      {
        "context.userAgent": undefined,
        "context.locale": undefined,
        "context.ip": undefined,
        request_ip: undefined,
      },
    ],
    [
      "keeps screen sizes as strings",
      "page",
      "context.screen.width=1440",
      { "context.screen.width": "1440" },
    ],
    [
      "takes context.ip from the client's address",
      "page",
      "",
      { "context.ip": "192.0.2.7" },
      address("192.0.2.7"),
    ],
    [
      "keeps a context.ip that is given",
      "page",
      "context.ip=203.0.113.9",
      { "context.ip": "203.0.113.9", request_ip: "192.0.2.7" },
      address("192.0.2.7"),
    ],
    [
      "cuts IPv4 to its /24",
      "page",
      "",
      { "context.ip": "192.0.2.0", request_ip: "192.0.2.0" },
      address("192.0.2.7", "truncate"),
    ],
    [
      "cuts IPv6 to its /48",
      "page",
      "",
      { "context.ip": "2001:db8:1::", request_ip: "2001:db8:1::" },
      address("2001:db8:1:2:3:4:5:6", "truncate"),
    ],
    [
      "cuts a context.ip that is given too",
      "page",
      "context.ip=203.0.113.9",
      { "context.ip": "203.0.113.0" },
      address("192.0.2.7", "truncate"),
    ],
    [
      "removes a given context.ip that it cannot cut",
      "page",
      "context.ip=home",
      { "context.ip": undefined },
      address("192.0.2.7", "truncate"),
    ],
    [
      "drops every address",
      "page",
      "context.ip=203.0.113.9&request_ip=1.2.3.4",
      { "context.ip": undefined, request_ip: undefined },
      address("192.0.2.7", "drop"),
    ],
  ]);
});

describe("readFacts", () => {
  const read = (init: Record<string, string>): RequestFacts =>
    readFacts({ headers: new Headers(init), peer: null }, null, false);
  const locales: readonly [rule: string, header: string, locale: string | null][] = [
    ["takes the locale from the first language", "de-CH,de;q=0.9,en;q=0.8", "de-CH"],
    ["reads a language that has a weight", "en;q=0.5", "en"],
    ["takes no blanks around a language", "  fr , en", "fr"],
    ["takes no locale from a wildcard", "*", null],
    ["takes no locale from a wildcard that has a weight", "*;q=0.5", null],
    ["takes no locale from an empty list", "", null],
    ["takes no locale where the first language is empty", ",de", null],
  ];
  for (const [rule, header, locale] of locales) {
    test(`readFacts ${rule}`, () => expect(read({ "Accept-Language": header }).locale).toBe(locale));
  }

  test("readFacts reads a cookie only when told to", () => {
    const asker = { headers: new Headers({ Cookie: "pixelgate_id=1" }), peer: null };
    expect(readFacts(asker, null, false).cookie).toBeNull();
    expect(readFacts(asker, null, true).cookie).toBe("pixelgate_id=1");
  });

  test("readFacts asks for the peer when the address is, and once", () => {
    let asked = 0;
    const asker = {
      headers: new Headers({ "X-Forwarded-For": "192.0.2.7" }),
      get peer() {
        asked += 1;
        return "10.0.0.1";
      },
    };
    const proxies = new BlockList();
    proxies.addSubnet("10.0.0.0", 8);
    const direct = readFacts(asker, null, false);
    const forwarded = readFacts(asker, proxies, false);
    expect(asked).toBe(0);
    expect([direct.address, direct.address]).toEqual(["10.0.0.1", "10.0.0.1"]);
    expect([forwarded.address, forwarded.address]).toEqual(["192.0.2.7", "192.0.2.7"]);
    expect(asked).toBe(2);
  });
});
