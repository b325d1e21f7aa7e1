// Queries as sequences of keys, those of real traffic and odd ones, and what can stand behind each key.
import type { EventType } from "../../src/pixel/schema.ts";
import type { Random } from "../fuzz/random.ts";

/** A query without its values. Its keys are as they stand in it; one with a `!` at its end has no `=`. */
export interface Shape {
  readonly type: EventType;
  readonly keys: readonly string[];
}

const page = (keys: string): Shape => ({ type: "page", keys: keys.split(" ") });
const track = (keys: string): Shape => ({ type: "track", keys: keys.split(" ") });

const AMP =
  "context.library.name context.library.version context.platform anonymousId context.locale context.userAgent " +
  "context.page.path context.page.url context.page.referrer context.page.title context.screen.width context.screen.height";

/** Key orders of real traffic: AMP configurations, noscript, e-mail, PHP brackets, calls from scripts. */
export const USUAL_SHAPES: readonly Shape[] = [
  page(`writeKey ${AMP} properties.path properties.url properties.referrer properties.title name`),
  page(
    `name properties.title properties.referrer properties.url properties.path ${AMP.split(" ").reverse().join(" ")} writeKey`,
  ),
  page(
    `writeKey ${AMP} context.page.search context.campaign.source context.campaign.name properties.tags.0 properties.tags.1 userId sentAt originalTimestamp name`,
  ),
  track(`writeKey ${AMP} event properties.depth properties.seconds properties.section`),
  page("writeKey anonymousId"),
  page("writeKey anonymousId name context.page.url context.page.title"),
  page("anonymousId properties.url properties.title properties.lang writeKey"),
  track("writeKey userId event"),
  track("writeKey anonymousId event name properties.campaign properties.list properties.id"),
  track("writeKey event properties[plan] properties[price] context[page][url] items[] anonymousId"),
  track(
    "event writeKey userId messageId timestamp originalTimestamp sentAt context.ip context.traits.email channel",
  ),
  page("writeKey userId anonymousId messageId utm_source utm_medium utm_campaign gclid"),
  page("writeKey"),
  track("writeKey event"),
];

/** Keys that meet, repeat, collide, leave gaps, are written in other ways, or name what is not theirs to set. */
export const ODD_SHAPES: readonly Shape[] = [
  page("writeKey anonymousId anonymousId"),
  page("writeKey writeKey anonymousId"),
  page("write%4Bey %61nonymousId"),
  page("writeKey anonymousId %61nonymousId \\anonymousId"),
  page("\\writeKey anonymousId writeKey"),
  page(":writeKey anonymousId"),
  page("writeKey.a writeKey anonymousId"),
  page("writeKey writeKey.a anonymousId"),
  page("writeKey! anonymousId"),
  page("writeKey anonymousId! userId"),
  page("writeKey anonymousId.a userId"),
  page("writeKey anonymousId userId.0"),
  page("writeKey userId.a"),
  page("writeKey messageId.a anonymousId"),
  page("writeKey messageId messageId"),
  page("writeKey name.a"),
  page("writeKey name!"),
  page("writeKey name name"),
  track("writeKey event!"),
  track("writeKey event event.a"),
  track("writeKey event.a event"),
  track("writeKey event.a"),
  track("writeKey"),
  track("event anonymousId"),
  page("writeKey context"),
  page("writeKey context context.page.url"),
  page("writeKey context.page.url context"),
  page("writeKey context.page"),
  page("writeKey context.page context.page.url"),
  page("writeKey context.page.url.a"),
  page("writeKey context.page.url context.page.:url context.page.\\url"),
  page("writeKey context.page.title properties.url"),
  page("writeKey context.page.url properties"),
  page("writeKey properties properties.url"),
  page("writeKey properties.url.a context.page.title"),
  page("writeKey properties.path"),
  page("writeKey properties.url context.page.url properties.url"),
  track("writeKey event properties"),
  track("writeKey event context.page.url properties.url"),
  track("writeKey event context.page.title"),
  page("writeKey context.0"),
  page("writeKey context.0 context.page.url"),
  page("writeKey context.gateway.flags.0 context.gateway.sourceId context.gateway"),
  page("writeKey context.gateway anonymousId"),
  page("writeKey context.ip"),
  page("writeKey context.ip.a"),
  page("writeKey context.ip context.ip"),
  page("writeKey request_ip request_ip.a"),
  page("writeKey context.traits.email context.traits.ip userId"),
  page("writeKey context.traits"),
  page("writeKey context.userAgent.a"),
  page("writeKey context.locale context.userAgent"),
  page("writeKey context.library"),
  page("writeKey context.screen.width.0"),
  page("writeKey channel channel.a"),
  page("writeKey channel.a"),
  page("writeKey channel"),
  page("writeKey integrations.All integrations.GA anonymousId"),
  page("writeKey integrations type receivedAt request_ip"),
  page("type.a receivedAt.a writeKey"),
  page("writeKey timestamp.a sentAt"),
  page("writeKey timestamp"),
  page("writeKey sentAt"),
  page("writeKey originalTimestamp"),
  page("writeKey sentAt originalTimestamp"),
  page("writeKey timestamp sentAt timestamp"),
  page("timestamp originalTimestamp sentAt writeKey receivedAt"),
  page("writeKey a.2 a.0"),
  page("writeKey a.2 a.x"),
  page("writeKey a.255 b.1"),
  page("writeKey a.255 b.255"),
  page("writeKey a.-1 a.-1"),
  page("writeKey a.-1.b a.-1.c a.1.d"),
  page("writeKey a.01 a.1 a.:1"),
  page("writeKey b.2 b.10 b.1 b.x 2 10 1"),
  page("writeKey 10 9 x.10 x.9 x.a"),
  page("writeKey a a.b a"),
  page("writeKey a.b a a.b"),
  page("writeKey a..b .c d. . .. :"),
  page("writeKey : :a a.: \\ a\\ a\\.b \\: \\\\"),
  page("writeKey __proto__.a constructor.prototype.b properties.__proto__ __proto__"),
  page("writeKey toJSON toString hasOwnProperty then length valueOf"),
  page("writeKey toJSON.a context.toJSON properties.toJSON.b"),
  page(" writeKey  anonymousId "),
  page("writeKey ! a! =b"),
  page("writeKey %zz %C3 %E2%82 %FF a%"),
  page("writeKey %22 %5C %00 %0A %1F %7F %E2%80%A8 properties.%22"),
  page("writeKey %C3%BC properties.%F0%9F%98%80 \u00fc properties.\u{1f600} \ud800"),
  page("writeKey a+b a%20b properties.a+b"),
  page("writeKey a%26b a%3Db a%23b a%2Eb a.b"),
  page("amp;writeKey writeKey amp;anonymousId anonymousId"),
  page("writeKey undefined null {{id}} *|EMAIL|*"),
];

/** Shapes at the caps of a query, and past them. */
export const BIG_SHAPES: readonly Shape[] = [
  page(`writeKey ${"a.".repeat(31)}a`),
  page(`writeKey ${"a.".repeat(32)}a`),
  page(`writeKey ${"k".repeat(3000)} properties.${"%41".repeat(500)}`),
  page(`writeKey ${Array.from({ length: 511 }, (_, i) => `k${i}`).join(" ")}`),
  page(`writeKey ${Array.from({ length: 512 }, (_, i) => `k${i}`).join(" ")}`),
  page(`writeKey ${Array.from({ length: 300 }, (_, i) => `a${i}.b.c.d.e.f.g`).join(" ")}`),
];

/** Values that an encoder of JSON, a decoder of percent or one of UTF-8 can stumble over. */
export const ODD_VALUES: readonly string[] = [
  "",
  "+",
  "%20",
  "++",
  "%09%0A%0B%0C%0D",
  "%C2%A0",
  "%EF%BB%BF",
  "%E2%80%A8%E2%80%A9",
  "%E3%80%80x%E3%80%80",
  "%C2%85",
  "%E1%A0%8E",
  '"',
  '""',
  '"""',
  "%22",
  "%22%22",
  "%22%20%22",
  "%22x%22",
  "%22x",
  "x%22",
  "%2522x%2522",
  '"x%22',
  "+%22x%22",
  "%22%22x%22%22",
  "\\",
  "%5C",
  "%5C%22",
  "%5Cu0041",
  "/",
  "%2F",
  "%00",
  "a%00b",
  Array.from({ length: 32 }, (_, code) => `%${code.toString(16).padStart(2, "0")}`).join(""),
  Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join(""),
  "%7F\u007f",
  "<script>%3C/script%3E&amp;",
  "a=b=c",
  "=",
  "==",
  ";",
  "?",
  "a%26b%3Dc%23d",
  "%",
  "%%",
  "%4",
  "a%z1",
  "%2",
  "50%%20off",
  "%e2%82%ac%E2%82%AC",
  "%C3%A9t%C3%A9",
  "%E6%97%A5%E6%9C%AC",
  "%F0%9F%98%80",
  "%F0%9F%91%A8%E2%80%8D%F0%9F%91%A9%E2%80%8D%F0%9F%91%A7",
  "\u00e9t\u00e9",
  "\u65e5\u672c",
  "\u{1f600}",
  "\u00e9%C3%A9",
  "%C3\u00a9",
  "\ud83d%20\ude00",
  "\ud800",
  "x\udc00",
  "%C3",
  "%A9",
  "%C3%28",
  "%E2%82",
  "%E2%82x",
  "%E2%28%A1",
  "%C0%AF",
  "%C1%BF",
  "%E0%80%AF",
  "%E0%9F%BF",
  "%E0%A0%80",
  "%ED%9F%BF",
  "%ED%A0%80",
  "%ED%A0%BD%ED%B8%80",
  "%EE%80%80",
  "%EF%BF%BD",
  "%EF%BF%BE%EF%BF%BF",
  "%F0%80%80%AF",
  "%F0%8F%BF%BF",
  "%F0%90%80%80",
  "%F0%9F%98",
  "%F4%8F%BF%BF",
  "%F4%90%80%80",
  "%F5%80%80%80",
  "%F8%88%80%80%80",
  "%FE%FF",
  "%80",
  "%BFx",
  "caf%E9",
  "%93%FA%96%7B",
  "%C3%A9%",
  "%C3%A9%4",
  "%25C3%25A9",
  "%2B%2b+",
  "undefined",
  "null",
  "true",
  "0",
  "__proto__",
  "x".repeat(255),
  "x".repeat(256),
  "%C3%A9".repeat(255),
  "%C3%A9".repeat(256),
  `+${"x".repeat(255)}+`,
  "%F0%9F%98%80".repeat(127),
  "%F0%9F%98%80".repeat(128),
  "%01".repeat(600),
  "x".repeat(5000),
  "%41".repeat(5000),
  "%22".repeat(5000),
];

/** What stands where an instant should. */
export const INSTANTS: readonly string[] = [
  "2026-11-23T10:00:00Z",
  "2026-11-23T09:59:59.123Z",
  "2026-11-23T09:59:59.123456Z",
  "2026-11-23T11:00:00%2B01:00",
  "2026-11-23T11:00:00+01:00",
  "2026-11-23T11:00:00-0100",
  "2026-11-23t10:00:00z",
  "2026-11-23T10:00Z",
  "2026-11-23T10:00:60Z",
  "2026-02-30T10:00:00Z",
  "0000-01-01T00:00:00Z",
  "0000-01-01T00:00:00%2B01:00",
  "9999-12-31T23:59:59.999Z",
  "9999-12-31T23:59:59.999-01:00",
  "2026-11-23",
  "1763892000",
  "1763892000000",
  "%202026-11-23T10:00:00Z",
  "2026-11-23T10%3A00%3A00.000Z",
  "2026-11-23T10:00:00,5Z",
  "now",
  "2026-11-23T10:00:00.000Z",
];
const ADDRESSES = [
  "203.0.113.9",
  "203.0.113.9:8080",
  "::ffff:203.0.113.9",
  "2001:db8:aa:bb::1",
  "%5B2001:db8::1%5D:80",
  "fe80::1%25eth0",
  "0:0:0:0:0:0:0:1",
  "::",
  "1.2.3",
  "999.1.1.1",
  "+203.0.113.9+",
  "unknown",
  "64:ff9b::192.0.2.33",
] as const;

/** Values that make sense for some keys, usual ones and the odd ones of their kind. */
const FITTING: readonly (readonly [key: RegExp, values: readonly string[]])[] = [
  [/timestamp$|At$/i, INSTANTS],
  [/ip$/, ADDRESSES],
  [/url$|referrer$/, ["https%3A%2F%2Fnews.example.com%2F2026%2F11%2Ftram", "https://x.example/?a=1"]],
  [/title$|name$/, ["Tram%20line%20%E2%80%93%20News", "Ein+Titel", "Article", "Unknown Page"]],
  [/anonymousId$/, ["amp-8rTzV3yPpP3K2q0aWm1x9Q", "%220f9ac4c3-6f5e-4f9a%22", "RS_ENC_v3_YWJj%3D%3D"]],
  [/userId$/, ["reader-88214", "u%40example.com"]],
  [/messageId$/, ["m-1", "order%201", "caf%C3%A9", "a%0D%0AX:1", "+m-2+"]],
  [/event$/, ["Scrolled+Article", "open"]],
  [/userAgent$/, ["Mozilla%2F5.0%20(Linux%3B%20Android%2014)%20Chrome%2F130.0.0.0"]],
];

/** A value for a key: what fits it, what is unlike every other value, or an odd one. */
export function valueFor(key: string, random: Random): string {
  const fitting = FITTING.find(([pattern]) => pattern.test(key))?.[1];
  if (fitting !== undefined && !random.oneIn(4)) return random.pick(fitting);
  if (random.oneIn(3)) return random.pick(ODD_VALUES);
  return `v${random.below(1_000_000).toString(36)}${random.pick(["", "%20x", "%C3%BC", "+y", ".z"])}`;
}

/** Whether a key, as it stands, may be read as the write key. */
const isWriteKey = (key: string) => /^[\\:]?write(K|%4B)ey!?$/.test(key);

/** A query of a shape. `fill` gives what stands behind each key that is not the write key. */
export function writeQuery(
  { keys }: Pick<Shape, "keys">,
  writeKey: string,
  fill: (key: string) => string,
): string {
  return keys
    .map((key) => {
      if (key.endsWith("!")) return key.slice(0, -1);
      return `${key}=${isWriteKey(key) ? writeKey : fill(key)}`;
    })
    .join("&");
}

/** The target of a request of a shape. */
export function writeTarget(shape: Shape, writeKey: string, fill: (key: string) => string): string {
  return `/pixel/v1/${shape.type}?${writeQuery(shape, writeKey, fill)}`;
}
