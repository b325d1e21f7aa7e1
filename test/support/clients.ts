// Clients of every kind: headers and addresses, missing, usual, odd and over their bounds.
import type { PixelRequest } from "../../src/server/decide.ts";
import { requestOf } from "./decisions.ts";

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

/** When the request of a number is received: several share a millisecond. */
const receivedMs = (number: number) => Date.parse("2026-11-23T10:00:00.000Z") + (number >> 1);

/** A client's request. */
export function requestFrom(client: Client, target: string, number = 0): PixelRequest {
  return { ...requestOf(target, { ...client.headers }, client.peer), receivedMs: receivedMs(number) };
}
