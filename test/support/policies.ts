// A source for each policy there can be, and clients of every kind: what a decision depends on beside the query.
import type { Sources } from "../../src/config/sources.ts";
import { resolved } from "./configuration.ts";

/** Every combination of some choices, one of each. */
function product<T extends Readonly<Record<string, readonly unknown[]>>>(
  choices: T,
): { readonly [K in keyof T]: T[K][number] }[] {
  let rows: Record<string, unknown>[] = [{}];
  for (const [name, values] of Object.entries(choices)) {
    rows = rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value })));
  }
  return rows as { [K in keyof T]: T[K][number] }[];
}

const DESTINATIONS = [
  { id: "warehouse" },
  { id: "alerts", events: ["track"] },
  { id: "lake", stream: "LAKE", partitions: 4 },
];

const POLICIES = product({
  anonymousId: ["assign", "cookie", "reject"],
  ip: ["keep", "truncate", "drop"],
  privacySignals: ["flag", "anonymise", "drop"],
  bots: ["flag", "drop"],
  dedupe: [undefined, "messageId"],
  destinations: [["warehouse", "alerts"], ["lake"]],
}).map((policy, index) => ({ id: `s${index}`, writeKey: `wk_${index}`, ...policy }));

const [DEFAULT_POLICY] = POLICIES;

/** Sources of each policy, and some that are looked at before a query is read whole. */
export const POLICY_SOURCES: Sources = resolved({
  sources: [
    ...POLICIES,
    { ...DEFAULT_POLICY, id: "off", writeKey: "wk_off", enabled: false },
    { ...DEFAULT_POLICY, id: "slow", writeKey: "wk_slow", rateLimit: 2 },
    { ...DEFAULT_POLICY, id: "gif", writeKey: "wk_gif", reply: "gif" },
    { ...DEFAULT_POLICY, id: "text", writeKey: "wk_text", reply: "text" },
    { ...DEFAULT_POLICY, id: "latin", writeKey: "sch\u00fcssel \u9375" },
  ].map((source) => JSON.parse(JSON.stringify(source))),
  destinations: DESTINATIONS,
}).sources;

/** The write keys of the sources that differ in their policies alone. */
export const POLICY_KEYS: readonly string[] = POLICIES.map(({ writeKey }) => writeKey);

/** The write key of the first source that has these policies; those of the default where nothing is said. */
export function keyOf(policies: Partial<(typeof POLICIES)[number]> = {}): string {
  const wanted = { ...DEFAULT_POLICY, ...policies };
  const found = POLICIES.find(
    (policy) =>
      policy.anonymousId === wanted.anonymousId &&
      policy.ip === wanted.ip &&
      policy.privacySignals === wanted.privacySignals &&
      policy.bots === wanted.bots &&
      policy.dedupe === wanted.dedupe &&
      policy.destinations.join() === wanted.destinations?.join(),
  );
  if (found === undefined) throw new Error(`No source has ${JSON.stringify(policies)}`);
  return found.writeKey;
}

/** A request but for its target. */
export interface Client {
  readonly peer: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

const ID = "0f9ac4c3-6f5e-4f9a-8f5d-2f6f3f0a9c11";
const BROWSER = {
  "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36",
  "Accept-Language": "de-CH,de;q=0.9,en;q=0.8",
  Referer: "https://news.example.com/2026/11/tram?id=1",
  Accept: "image/avif,image/webp,*/*;q=0.8",
  "Sec-Fetch-Dest": "image",
};

/** Clients whose headers and addresses lead to every kind of fact, missing, usual, odd and over their bounds. */
export const CLIENTS: Readonly<Record<string, Client>> = {
  nothing: { peer: null, headers: {} },
  few: { peer: "192.0.2.1", headers: { "User-Agent": BROWSER["User-Agent"] } },
  browser: { peer: "2001:db8:1:2::3", headers: BROWSER },
  cookie: { peer: "192.0.2.2", headers: { ...BROWSER, Cookie: `a=b; pixelgate_id=${ID}; c=d` } },
  "broken cookie": { peer: "192.0.2.2", headers: { ...BROWSER, Cookie: `pixelgate_id=${ID}0` } },
  bot: { peer: "192.0.2.3", headers: { "User-Agent": "Googlebot/2.1", Accept: "*/*" } },
  "mail proxy": { peer: "::1", headers: { "User-Agent": "Mozilla/5.0" } },
  gpc: { peer: "192.0.2.4", headers: { ...BROWSER, "Sec-GPC": "1", Cookie: `pixelgate_id=${ID}` } },
  "every flag": {
    peer: "192.0.2.5",
    headers: { "User-Agent": "Googlebot/2.1", Purpose: "prefetch", "Sec-GPC": "1", DNT: "1" },
  },
  proxied: { peer: "10.0.0.1", headers: { ...BROWSER, "X-Forwarded-For": "203.0.113.77, 10.0.0.2" } },
  "proxied by nobody": { peer: "10.0.0.1", headers: { "X-Forwarded-For": "unknown, ," } },
  mapped: { peer: "::ffff:198.51.100.9", headers: {} },
  zoned: { peer: "fe80::1%eth0", headers: { "Accept-Language": "en" } },
  "no address": { peer: 'unix:"\\', headers: { Referer: "" } },
  quotes: {
    peer: "192.0.2.6",
    headers: {
      "User-Agent": '"\\\t\u00e9\u00ff/1',
      "Accept-Language": '"\\;q=1',
      Referer: 'x"\\\u00a0\u00df',
    },
  },
  nameless: { peer: "192.0.2.7", headers: { "User-Agent": "", "Accept-Language": "*", Referer: " " } },
  languages: { peer: "192.0.2.7", headers: { "Accept-Language": ` ,de;q=1${"x".repeat(100)}` } },
  "at the bounds": {
    peer: "192.0.2.8",
    headers: {
      "User-Agent": `A/${"\u00e9".repeat(1022)}`,
      "Accept-Language": `${"d".repeat(64)},en`,
      Referer: `${"r".repeat(4095)}"`,
    },
  },
  "over the bounds": {
    peer: "192.0.2.8",
    headers: {
      "User-Agent": `A/${'"'.repeat(1023)}`,
      "Accept-Language": "\u00e9".repeat(70),
      Referer: "\u00ff".repeat(4097),
    },
  },
};

/** A client by its name in the table. */
export function clientOf(name: string): Client {
  const client = CLIENTS[name];
  if (client === undefined) throw new Error(`There is no client "${name}"`);
  return client;
}
