// The demonstration behind the picture: who sends, who receives, and what requests come. No name in it is anybody's.

/** The sources and destinations of the demonstration. */
export const CONFIG = {
  sources: [
    { id: "website", writeKey: "wk_website", destinations: ["warehouse", "analytics"], bots: "drop" },
    { id: "shop", writeKey: "wk_shop", destinations: ["warehouse", "analytics", "sales"] },
    { id: "newsletter", writeKey: "wk_newsletter", destinations: ["warehouse"], reply: "gif" },
  ],
  destinations: [{ id: "warehouse" }, { id: "analytics" }, { id: "sales", events: ["track"] }],
};

/** A request as somebody's browser, mail reader or robot sends it. */
export interface Visit {
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

type Pairs = Readonly<Record<string, string>>;

const DESK = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
const PHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1";

function visit(path: string, query: Pairs, headers: Pairs): Visit {
  return { target: `/pixel/v1/${path}?${new URLSearchParams(query)}`, headers };
}

function page(name: string, url: string, agent = DESK): Visit {
  const query = { writeKey: "wk_website", name, "context.page.url": `https://example.com${url}` };
  return visit("page", query, { "User-Agent": agent });
}

function track(event: string, url: string, properties: Pairs, agent = DESK): Visit {
  const query = {
    writeKey: "wk_shop",
    event,
    userId: "u-20418",
    "context.page.url": `https://shop.example${url}`,
  };
  return visit("track", { ...query, ...properties }, { "User-Agent": agent });
}

function opened(campaign: string, url: string): Visit {
  const query = { writeKey: "wk_newsletter", event: "Email Opened", userId: "u-7731" };
  const facts = { "properties.campaign": campaign, "properties.url": `https://news.example${url}` };
  return visit("track.gif", { ...query, ...facts }, { "User-Agent": PHONE });
}

/** The request that the picture shows opened. */
export const ORDER = track("Order Completed", "/checkout/thanks", {
  "properties.orderId": "A-1047",
  "properties.total": "129.90",
  "properties.currency": "EUR",
});

/** What comes again and again, and is taken. */
export const USUAL: readonly Visit[] = [
  page("Home", "/"),
  page("Pricing", "/pricing", PHONE),
  track("Product Viewed", "/lamps/aurora", { "properties.sku": "aurora-2" }),
  opened("spring-sale", "/issues/42"),
  page("Docs", "/docs/quick-start"),
  track("Product Added", "/lamps/aurora", { "properties.sku": "aurora-2" }, PHONE),
  page("Blog", "/blog/one-pixel"),
  ORDER,
  page("Contact", "/contact", PHONE),
];

const NAMELESS = visit("track", { writeKey: "wk_shop", userId: "u-20418" }, { "User-Agent": PHONE });
const UNKNOWN = visit("page", { writeKey: "wk_old_site", name: "Home" }, { "User-Agent": DESK });
const ROBOT = page("Home", "/", "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example/)");

/** What a gateway refuses or drops, each for another reason. */
export const UNUSUAL: readonly Visit[] = [NAMELESS, UNKNOWN, ROBOT];

/** The last requests before the picture, oldest first: those that are seen in it. */
export const LAST: readonly Visit[] = [
  page("Docs", "/docs/quick-start"),
  track("Product Viewed", "/lamps/aurora", { "properties.sku": "aurora-2" }),
  UNKNOWN,
  ROBOT,
  ORDER,
  page("Pricing", "/pricing", PHONE),
  NAMELESS,
  opened("spring-sale", "/issues/42"),
];
