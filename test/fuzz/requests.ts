// Random requests: queries of what the syntax knows, headers, targets, and bytes that are hardly a request any more.
import type { Random } from "./random.ts";

const NAMES = [
  "writeKey",
  "event",
  "name",
  "userId",
  "anonymousId",
  "messageId",
  "type",
  "channel",
  "integrations",
  "timestamp",
  "sentAt",
  "originalTimestamp",
  "request_ip",
  "context",
  "page",
  "url",
  "title",
  "properties",
  "traits",
  "gateway",
  "ip",
  "library",
  "screen",
  "a",
  "b",
  "0",
  "1",
  "7",
  "255",
  "256",
  "-1",
  "01",
  "",
  ":",
  ":1",
  "\\",
  "\\.",
  "\\:",
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "length",
  "toJSON",
  "hasOwnProperty",
  "then",
] as const;
const VALUES = [
  "",
  "1",
  "x",
  "demo",
  "wk_blog",
  "+",
  "%20",
  "%00",
  "%01",
  "%22",
  "%5C",
  '"',
  "\\",
  "'",
  "%",
  "%z",
  "%E2%82",
  "%FF",
  "%F0%9F%98%80",
  "%ED%A0%80",
  "2026-11-23T10:00:00Z",
  "9999-12-31T23:59:59.999Z",
  "::1",
  "192.0.2.1",
  "=",
  ";",
  "<",
] as const;
const LETTERS = [..."abz019.:\\&=+%-_~!*'(),;/?@$|{}^`\"<>[]"];

/** A piece of a query as it may stand in a request line: printable ASCII, no blank. */
function scrap(random: Random): string {
  return random
    .many(12, () => random.pick(LETTERS))
    .join("")
    .replaceAll("#", "");
}

/** A key of a query, of names that the syntax or an event knows, or of none. */
export function randomKey(random: Random): string {
  if (random.oneIn(6)) return scrap(random);
  const depth = random.oneIn(12) ? 40 : 4;
  return [random.pick(NAMES), ...random.many(depth, () => random.pick(NAMES))].join(".");
}

function value(random: Random): string {
  if (random.oneIn(5)) return scrap(random);
  const text = random.pick(VALUES);
  return random.oneIn(8) ? text.repeat(random.below(400)) : text;
}

/** A random query, with or without a write key. */
export function randomQuery(random: Random): string {
  const most = random.oneIn(10) ? 700 : 14;
  const pairs = random.many(most, () => `${randomKey(random)}${random.oneIn(8) ? "" : "="}${value(random)}`);
  if (!random.oneIn(5)) pairs.splice(random.below(pairs.length + 1), 0, "writeKey=demo");
  return pairs.join(random.oneIn(12) ? "&&" : "&");
}

const AGENTS = [
  "curl/8",
  "Mozilla/5.0",
  "Googlebot/2.1",
  "GoogleImageProxy",
  '"\\',
  "\u00ff\u00e9",
  "",
] as const;

/** Random headers that an event is made of, each a name and a value without line breaks. */
export function randomHeaders(random: Random): [name: string, value: string][] {
  const long = (text: string) => (random.oneIn(6) ? text.repeat(random.below(6000)) : text);
  const all: [string, () => string][] = [
    ["User-Agent", () => long(random.pick(AGENTS))],
    ["Referer", () => long(random.pick(["https://site.example/p", '"', "\\", "x"]))],
    ["Accept-Language", () => long(random.pick(["de-CH,de;q=0.9", "*", ",", "en", ";"]))],
    ["Accept", () => random.pick(["*/*", "image/gif", "text/html,image/webp", ""])],
    ["Sec-Fetch-Dest", () => random.pick(["image", "document", ""])],
    ["Sec-GPC", () => random.pick(["1", "0"])],
    ["DNT", () => "1"],
    ["Sec-Purpose", () => "prefetch;prerender"],
    ["Cookie", () => long(random.pick(["pixelgate_id=", "pixelgate_id=123; ", "; "]))],
    ["X-Forwarded-For", () => long(random.pick(["1.2.3.4, ", ",", "::1,", "unknown, "]))],
  ];
  return all.filter(() => random.oneIn(3)).map(([name, write]) => [name, write()]);
}

const METHODS = [
  "GET",
  "GET",
  "GET",
  "GET",
  "HEAD",
  "OPTIONS",
  "POST",
  "PUT",
  "DELETE",
  "BREW",
  "get",
  "",
] as const;
const PATHS = [
  "/pixel/v1/page",
  "/pixel/v1/track",
  "/pixel/v1/page.gif",
  "/pixel/v1/track.gif",
  "/health",
  "/",
  "/pixel/v1/page/",
  "/pixel/v1/",
  "//",
  "*",
  "/../pixel/v1/page",
  "/%70ixel/v1/page",
  "http://h/pixel/v1/page",
  "/pixel/v1/page;x",
] as const;

/** A random request as bytes, most of them good HTTP. */
export function randomRequest(random: Random): Buffer {
  const target = `${random.pick(PATHS)}${random.oneIn(9) ? "" : `?${randomQuery(random)}`}`;
  const version = random.oneIn(12)
    ? random.pick(["HTTP/1.0", "HTTP/2.0", "HTTP/1.1 ", "", "HTTP/9"])
    : "HTTP/1.1";
  const lines = [`${random.pick(METHODS)} ${target} ${version}`];
  if (!random.oneIn(15)) lines.push(`Host: ${random.pick(["localhost", "x", "a!.example", ""])}`);
  for (const [name, text] of randomHeaders(random)) lines.push(`${name}: ${text}`);
  const body = random.oneIn(6) ? scrap(random) : "";
  if (body !== "" || random.oneIn(10)) {
    lines.push(
      random.pick([`Content-Length: ${body.length}`, "Content-Length: -1", "Transfer-Encoding: chunked"]),
    );
  }
  // Each request is the last of its connection, so that its answer ends with it.
  lines.push("Connection: close");
  const bytes = Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`, "latin1");
  for (const _ of random.oneIn(4) ? random.many(6, (i) => i) : []) {
    bytes[random.below(bytes.length)] = random.below(256);
  }
  return random.oneIn(25) ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}
