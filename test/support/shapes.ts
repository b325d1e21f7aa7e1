// Queries as sequences of keys, those of real traffic and odd ones.
import type { EventType } from "../../src/pixel/schema.ts";

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
  // What a compiler may take for marks of its own.
  page("writeKey <0> <1> <2> properties.<0> properties.<3> context.<1> anonymousId"),
  page('writeKey %22%3C0%3E%22 "<1>" properties."<0>" "," ","<2>":" anonymousId'),
  page(
    "writeKey <source> <referer> context.<locale> context.<user%20agent> <user+agent> <address> %3C0%3E anonymousId",
  ),
  page(
    "writeKey 192.0.2.0 properties.192\\.0\\.2\\.0 198\\.51\\.100\\.0 context.ip context.198\\.51\\.100\\.0",
  ),
  page(
    "writeKey 2001-01-01T00:00:00\\.000Z 2001-01-01T01:00:00\\.000Z sentAt timestamp originalTimestamp 2001-01-01T02:00:00\\.000Z",
  ),
  page(
    "writeKey web client assigned properties.true Unknown+Page name gateway.sourceId context.gateway.identity",
  ),
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

/** Whether a key, as it stands, may be read as the write key. */
const isWriteKey = (key: string) => /^[\\:]?write(K|%4B)ey!?$/.test(key);

/** A query of a shape. `fill` gives what stands behind each key that is not the write key. */
function writeQuery({ keys }: Pick<Shape, "keys">, writeKey: string, fill: (key: string) => string): string {
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
