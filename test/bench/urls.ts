// The request targets the benchmarks run on: the parameters of the AMP configurations and e-mail templates that
// RudderStack documents, filled in for many visits as a browser fills them in. Knows no parser.

/** One kind of request: `urls` are its targets as they stand in request lines, one a visit; `url` is the first. */
export interface Target {
  readonly name: string;
  readonly url: string;
  readonly urls: readonly string[];
}

type Pairs = readonly (readonly [string, string])[];

/** How many visits come before one is met again. */
const VISITS = 1024;

/** What differs from visit to visit. */
interface Visit {
  readonly id: string;
  readonly slug: string;
  readonly browser: string;
  readonly referrer: string;
}

function letters(seed: number, count: number): string {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  let text = "";
  for (let i = 0; i < count; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    text += "abcdefghijklmnopqrstuvwxyz0123456789"[(state >>> 0) % 36] ?? "";
  }
  return text;
}

function visit(i: number, articles: number, browsers: number, referrers: number): Visit {
  const browser = (i * 13) % browsers;
  const referrer = (i * 5) % referrers;
  const version = 100 + (browser % 40);
  return {
    id: `amp-${letters(i + 1_000_000, 22)}`,
    slug: `council-votes-on-${letters((i * 17) % articles, 10)}-tram-line`,
    browser: `Mozilla/5.0 (Linux; Android 14; SM-${1000 + browser}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0 Mobile Safari/537.36`,
    referrer:
      referrer === 0 ? "https://www.google.com/" : `https://www.example.org/search?q=${letters(referrer, 8)}`,
  };
}

/** A busy hour of one site: 40 articles, 60 browsers, 20 referrers, and no visitor twice. */
const usual = (i: number): Visit => visit(i, 40, 60, 20);
/** No article, browser or referrer is met twice: what remembering costs where it never helps. */
const unique = (i: number): Visit => visit(i, VISITS, VISITS, VISITS);

/** AMP fills a template: the keys stand as written, each value has gone through encodeURIComponent. */
function target(name: string, path: string, pairs: (visit: Visit) => Pairs, visits = usual): Target {
  const urls = Array.from({ length: VISITS }, (_, i) => {
    const query = pairs(visits(i)).map(([key, value]) => `${key}=${encodeURIComponent(value)}`);
    return `${path}?${query.join("&")}`;
  });
  return { name, url: urls[0] ?? "", urls };
}

const writeKey = "1S2kNlbkMrWLBO79H2eNuEST27I";
const title = (slug: string) => `${slug.replaceAll("-", " ")} – Example News`;
const article = (slug: string) => `https://news.example.com/2026/11/${slug}`;

const rudder = ({ id, slug, browser, referrer }: Visit): Pairs => [
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

const ampPage = (reader: Visit): Pairs => [
  ...rudder(reader),
  ["properties.path", `/2026/11/${reader.slug}`],
  ["properties.url", article(reader.slug)],
  ["properties.referrer", reader.referrer],
  ["properties.title", title(reader.slug)],
  ["name", "Article"],
];

/** A shorter article, as the many parameters leave no more room under 1,200 bytes. */
const ampPageLong = (reader: Visit): Pairs => [
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

const ampTrack = (reader: Visit): Pairs => [
  ...rudder(reader),
  ["event", "Scrolled Article"],
  ["properties.depth", "75"],
  ["properties.seconds", "48"],
  ["properties.section", "local"],
];

const emailOpen = ({ id }: Visit): Pairs => [
  ["writeKey", writeKey],
  ["userId", id.slice(4, 12)],
  ["event", "Email Opened"],
];

const emailCampaign = ({ id }: Visit): Pairs => [
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
