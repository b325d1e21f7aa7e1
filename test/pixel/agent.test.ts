// The rules: docs/wire-contract.md, "Flags and policies".
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { agentFlag, asksForPrivacy, isMailReader, readFlags } from "../../src/pixel/agent.ts";

const CHROME =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36";
const GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)";
const OUTLOOK = "Mozilla/4.0 (compatible; ms-office; MSOffice 16)";

const AGENTS: readonly [
  rule: string,
  userAgent: string | null,
  flag: ReturnType<typeof agentFlag>,
  mail: boolean,
][] = [
  ["nobody without a user agent", null, null, false],
  ["nobody with an empty one", "", null, false],
  ["a browser", CHROME, null, false],
  [
    "an iPhone",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1",
    null,
    false,
  ],
  ["Gmail's proxy", GMAIL, "mail-proxy", true],
  [
    "Yahoo's proxy",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    "mail-proxy",
    true,
  ],
  ["Apple's privacy proxy", "Mozilla/5.0", "mail-proxy", true],
  ["Outlook, which is a reader and no proxy", OUTLOOK, null, true],
  ["Thunderbird", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.5.0", null, true],
  ["Googlebot", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot", false],
  [
    "a headless browser",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/143.0.0.0 Safari/537.36",
    "bot",
    false,
  ],
  ["curl", "curl/8.14.1", "bot", false],
];
for (const [rule, userAgent, flag, mail] of AGENTS) {
  test(`agentFlag tells ${rule}`, () => {
    expect(agentFlag(userAgent)).toBe(flag);
    // A second time from memory.
    expect(agentFlag(userAgent)).toBe(flag);
  });
  test(`isMailReader tells ${rule}`, () => expect(isMailReader(userAgent ?? "")).toBe(mail));
}

test("agentFlag keeps its answers past the number of agents it remembers", () => {
  for (let index = 0; index < 5000; index++) expect(agentFlag(`${CHROME} x/${index}`)).toBeNull();
  expect(agentFlag(GMAIL)).toBe("mail-proxy");
});

describe("readFlags", () => {
  const rows: readonly [
    rule: string,
    headers: Record<string, string>,
    flags: ReturnType<typeof readFlags>,
  ][] = [
    ["nothing", {}, []],
    ["Sec-GPC: 1", { "Sec-GPC": "1" }, ["gpc"]],
    ["Sec-GPC: 0 as nothing", { "Sec-GPC": "0" }, []],
    ["DNT: 1", { DNT: "1" }, ["dnt"]],
    ["DNT: 0 as nothing", { DNT: "0" }, []],
    ["Sec-Purpose: prefetch", { "Sec-Purpose": "prefetch" }, ["prefetch"]],
    ["a prerender", { "Sec-Purpose": "prefetch;prerender" }, ["prefetch"]],
    ["Purpose: prefetch", { Purpose: "prefetch" }, ["prefetch"]],
    ["Purpose: preview as nothing", { Purpose: "preview" }, []],
    ["a bot", { "User-Agent": "Googlebot/2.1" }, ["bot"]],
    ["a mail proxy", { "User-Agent": "YahooMailProxy; https://help.yahoo.com" }, ["mail-proxy"]],
    [
      "all at once",
      { "User-Agent": "Googlebot/2.1", Purpose: "prefetch", "Sec-GPC": "1", DNT: "1" },
      ["bot", "prefetch", "gpc", "dnt"],
    ],
  ];
  for (const [rule, init, flags] of rows) {
    test(`readFlags reads ${rule}`, () => {
      const headers = new Headers(init);
      expect(readFlags(headers, headers.get("user-agent"))).toEqual(flags);
    });
  }
});

test("readFlags gives the same object for the same flags", () => {
  for (const init of [{}, { DNT: "1" }, { "User-Agent": "Googlebot/2.1", "Sec-GPC": "1" }]) {
    const read = () => readFlags(new Headers(init), new Headers(init).get("user-agent"));
    expect(read()).toBe(read());
  }
});

test("asksForPrivacy is true for those whom readFlags flags with gpc or dnt, and for nobody else", () => {
  const value = fc.constantFrom(undefined, "", "0", "1", "1, 1", "true");
  fc.assert(
    fc.property(value, value, (gpc, dnt) => {
      const headers = new Headers();
      if (gpc !== undefined) headers.set("Sec-GPC", gpc);
      if (dnt !== undefined) headers.set("DNT", dnt);
      const isFlagged = readFlags(headers, null).some((flag) => flag === "gpc" || flag === "dnt");
      expect(asksForPrivacy(headers)).toBe(isFlagged);
      expect(asksForPrivacy(headers)).toBe(gpc === "1" || dnt === "1");
    }),
  );
});
