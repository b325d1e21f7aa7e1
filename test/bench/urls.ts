// The request targets the benchmarks run on: the parameters of the AMP vendor configurations and of the e-mail
// templates in the RudderStack documentation, filled in as a browser fills them in. Knows no parser.

/** A request target as it stands in the request line, and whether every parser reads the same object from it. */
export interface Target {
  readonly name: string;
  readonly url: string;
}

type Pairs = readonly (readonly [string, string])[];

/** AMP fills a template: the keys stand as written, each value has gone through encodeURIComponent. */
function target(path: string, pairs: Pairs): string {
  return `${path}?${pairs.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&")}`;
}

const phone =
  "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36";
const article = "https://news.example.com/2026/11/city-council-votes-on-new-tram-line";
const title = "City council votes on new tram line – Example News";

const rudderBase: Pairs = [
  ["writeKey", "1S2kNlbkMrWLBO79H2eNuEST27I"],
  ["context.library.name", "Rudderstack AMP SDK"],
  ["context.library.version", "1.0.0"],
  ["context.platform", "AMP"],
  ["anonymousId", "amp-QFvj3pL0xZ1k2Yc8hW5b7A"],
  ["context.locale", "en-us"],
  ["context.userAgent", phone],
  ["context.page.path", "/2026/11/city-council-votes-on-new-tram-line"],
  ["context.page.url", article],
  ["context.page.referrer", "https://www.example.org/search?q=tram%20line"],
  ["context.page.title", title],
  ["context.screen.width", "412"],
  ["context.screen.height", "915"],
];

const ampPage: Pairs = [
  ...rudderBase,
  ["properties.path", "/2026/11/city-council-votes-on-new-tram-line"],
  ["properties.url", article],
  ["properties.referrer", "https://www.example.org/search?q=tram%20line"],
  ["properties.title", title],
  ["name", "Article"],
];

const ampPageLong: Pairs = [
  ...rudderBase.slice(0, 8),
  [
    "context.page.url",
    `${article}?utm_source=newsletter&utm_medium=email&utm_campaign=tram&gclid=EAIaIQobChMI4c`,
  ],
  ["context.page.referrer", "https://www.google.com/"],
  ["context.page.title", title],
  ["context.page.search", "?utm_source=newsletter&utm_medium=email&utm_campaign=tram"],
  ["context.screen.width", "412"],
  ["context.screen.height", "915"],
  ["context.screen.density", "2.625"],
  ["context.timezone", "Europe/Berlin"],
  ["context.campaign.source", "newsletter"],
  ["context.campaign.medium", "email"],
  ["context.campaign.name", "tram"],
  ["context.app.name", "Example News"],
  ["context.app.version", "4.12.0"],
  ["properties.category", "local"],
  ["properties.author", "Jo Öst"],
  ["properties.published", "2026-11-20T06:30:00.000Z"],
  ["properties.words", "842"],
  ["properties.tags.0", "transport"],
  ["properties.tags.1", "council"],
  ["userId", "reader-88214"],
  ["sentAt", "2026-11-23T13:45:12.345Z"],
  ["originalTimestamp", "2026-11-23T13:45:12.311Z"],
  ["name", "Article"],
];

const ampTrack: Pairs = [
  ...rudderBase,
  ["event", "Scrolled Article"],
  ["properties.depth", "75"],
  ["properties.seconds", "48"],
  ["properties.section", "local"],
];

const emailOpen: Pairs = [
  ["writeKey", "1S2kNlbkMrWLBO79H2eNuEST27I"],
  ["userId", "5f2d9c1a"],
  ["event", "Email Opened"],
];

const emailCampaign: Pairs = [
  ["writeKey", "1S2kNlbkMrWLBO79H2eNuEST27I"],
  ["anonymousId", "a77e"],
  ["event", "open"],
  ["properties.campaign", "nov"],
  ["properties.list", "weekly"],
  ["properties.id", "48213"],
  ["context.ip", "0.0.0.0"],
];

/** Everything a scan could stumble over at once: escapes in keys, wide arrays, deep paths, broken percent signs. */
const hostile = `/pixel/v1/track?${Array.from(
  { length: 120 },
  (_, i) => `k%2E${i}.x\\.y=%zz%C3&list.${i % 100}=a+b&list.-1=%2&n.o.d.e.${i}=1&__proto__.p${i}=%26`,
)
  .slice(0, 100)
  .join("&")}`;

/** The table: names say what sends such a target, its bytes and its parameters. */
export const targets: readonly Target[] = [
  { name: "AMP page, 18 parameters", url: target("/pixel/v1/page", ampPage) },
  { name: "AMP page, 31 parameters", url: target("/pixel/v1/page", ampPageLong) },
  { name: "AMP track, 17 parameters", url: target("/pixel/v1/track", ampTrack) },
  { name: "e-mail open, 3 parameters", url: target("/pixel/v1/track.gif", emailOpen) },
  { name: "e-mail campaign, 7 parameters", url: target("/pixel/v1/track.gif", emailCampaign) },
  { name: "pathological, 500 parameters", url: hostile },
];
