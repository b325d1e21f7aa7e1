// The request targets the benchmarks run on: the parameters of the AMP configurations and e-mail templates that
// RudderStack documents, filled in for many visits as a browser fills them in. Knows no parser.
import { type Reader, unique, usual, VISITS } from "./readers.ts";

/** One kind of request: `urls` are its targets as they stand in request lines, one a visit; `url` is the first. */
export interface Target {
  readonly name: string;
  readonly url: string;
  readonly urls: readonly string[];
}

type Pairs = readonly (readonly [string, string])[];

/** AMP fills a template: the keys stand as written, each value has gone through encodeURIComponent. */
function target(name: string, path: string, pairs: (reader: Reader) => Pairs, readers = usual): Target {
  const urls = Array.from({ length: VISITS }, (_, i) => {
    const query = pairs(readers(i)).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
    return `${path}?${query.join("&")}`;
  });
  return { name, url: urls[0] ?? "", urls };
}

const writeKey = "1S2kNlbkMrWLBO79H2eNuEST27I";
const title = (slug: string) => `${slug.replaceAll("-", " ")} – Example News`;
const article = (slug: string) => `https://news.example.com/2026/11/${slug}`;

const rudder = ({ id, slug, browser, referrer }: Reader): Pairs => [
  ["writeKey", writeKey],
  ["context.library.name", "Rudderstack AMP SDK"],
  ["context.library.version", "1.0.0"],
  ["context.platform", "AMP"],
  ["anonymousId", id],
  ["context.locale", "en-us"],
  ["context.userAgent", browser],
  ["context.page.path", `/2026/11/${slug}`],
  ["context.page.url", article(slug)],
  ["context.page.referrer", referrer],
  ["context.page.title", title(slug)],
  ["context.screen.width", "412"],
  ["context.screen.height", "915"],
];

const ampPage = (reader: Reader): Pairs => [
  ...rudder(reader),
  ["properties.path", `/2026/11/${reader.slug}`],
  ["properties.url", article(reader.slug)],
  ["properties.referrer", reader.referrer],
  ["properties.title", title(reader.slug)],
  ["name", "Article"],
];

/** A shorter article, as the many parameters leave no more room under 1,200 bytes. */
const ampPageLong = (reader: Reader): Pairs => [
  ...rudder({ ...reader, slug: reader.slug.slice(17, 27) }).filter(([key]) => key !== "context.page.url"),
  ["context.page.url", `${article(reader.slug.slice(17, 27))}?utm_source=mail&utm_campaign=tram`],
  ["context.page.search", "?utm_source=mail"],
  ["context.screen.density", "2.625"],
  ["context.timezone", "Europe/Berlin"],
  ["context.campaign.source", "mail"],
  ["context.campaign.name", "tram"],
  ["context.app.name", "News"],
  ["context.app.version", "4.12"],
  ["properties.lang", "en"],
  ["properties.category", "local"],
  ["properties.author", "Jo Öst"],
  ["properties.day", "20"],
  ["properties.words", "842"],
  ["properties.tags.0", "transport"],
  ["properties.tags.1", "council"],
  ["userId", "reader-88214"],
  ["sentAt", "2026-11-23T13:45:12.345Z"],
  ["originalTimestamp", "2026-11-23T13:45:12.311Z"],
  ["name", "Article"],
];

const ampTrack = (reader: Reader): Pairs => [
  ...rudder(reader),
  ["event", "Scrolled Article"],
  ["properties.depth", "75"],
  ["properties.seconds", "48"],
  ["properties.section", "local"],
];

const emailOpen = ({ id }: Reader): Pairs => [
  ["writeKey", writeKey],
  ["userId", id.slice(4, 12)],
  ["event", "Email Opened"],
];

const emailCampaign = ({ id }: Reader): Pairs => [
  ["writeKey", writeKey],
  ["anonymousId", id.slice(4, 12)],
  ["event", "open"],
  ["name", "Nov News"],
  ["properties.campaign", "nov"],
  ["properties.list", "weekly"],
  ["properties.id", "48213"],
];

/** What a scan can stumble over, at the cap of parameters: escapes, arrays, repeats, collisions, broken percent signs. */
const hostile = Array.from({ length: 84 }, (_, i) => [
  `k%2E${i}.x\\.y=%zz%C3`,
  `list.${i}=a+b`,
  `list.-1.${i}=%2`,
  `n.o.d.e.${i}=1`,
  `n.o=${i}`,
  `__proto__.p${i}=%26`,
]).flat();
const hostileUrl = `/pixel/v1/track?${hostile.join("&")}`;

const single: readonly Target[] = [
  target("AMP page, 18 parameters", "/pixel/v1/page", ampPage),
  target("AMP page, 18 parameters, no value met twice", "/pixel/v1/page", ampPage, unique),
  target("AMP page, 31 parameters", "/pixel/v1/page", ampPageLong),
  target("AMP track, 17 parameters", "/pixel/v1/track", ampTrack),
  target("e-mail open, 3 parameters", "/pixel/v1/track.gif", emailOpen),
  target("e-mail campaign, 7 parameters", "/pixel/v1/track.gif", emailCampaign),
];
const mixed = Array.from({ length: VISITS }, (_, i) => single[i % single.length]?.urls[i] ?? "");

/** The table: what sends such a target, and how many parameters it has. */
export const targets: readonly Target[] = [
  ...single,
  { name: "all of the above, taking turns", url: mixed[0] ?? "", urls: mixed },
  { name: "pathological, 504 parameters", url: hostileUrl, urls: [hostileUrl] },
];

/** Page views of different visits, as the gateway's demo source takes them. */
export const pageTargets: readonly string[] = (single[0]?.urls ?? []).map((url) =>
  url.replace(/writeKey=[^&]*/, "writeKey=demo"),
);
export const [pageTarget = ""] = pageTargets;
