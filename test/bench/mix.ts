// The mix: what a gateway of many sites is sent. Pixels of AMP configurations, noscript tags, mails, PHP and scripts, each
// with keys in an order of its own, taken by visitors none of whom comes twice. Knows no parser.

import { AMP_KINDS } from "./ampkinds.ts";
import { headersOf, type Where } from "./browsers.ts";
import { UTM, type Visit } from "./kind.ts";
import type { RequestHeaders } from "./load.ts";
import { OTHER_KINDS } from "./otherkinds.ts";
import { letters } from "./readers.ts";

/** A request of the mix. */
export interface Pixel {
  readonly kind: string;
  /** Holds FRESH_ID, where a generator puts an id of its own. */
  readonly target: string;
  /** All that a browser or mail program sends; its `User-Agent` is what a sparing client sends. */
  readonly headers: RequestHeaders;
}

/** How many visits are written for one of a kind's share: 4,096 in all. */
const ROUNDS = 128;

const TITLES: readonly (readonly [string, (word: string) => string])[] = [
  ["en-US", (word) => `Council votes on ${word} tram line – Example News`],
  ["de-DE", (word) => `Stadtrat stimmt über „${word}“ ab: größere Straßenbahn, schönere Plätze`],
  ["en-GB", (word) => `What ${word} means for you, and for the rest of us | Example & Sons`],
  ["ja-JP", (word) => `市議会が路面電車${word}線の延伸を可決、来年春に着工へ`],
  ["en-US", (word) => `${word}: 12 "small" things that change everything`],
  ["de-AT", (word) => `${word} eröffnet – was Sie jetzt wissen müssen`],
  ["en-IN", (word) => `🚋 ${word} opens today 🎉 – here’s all you need 👇`],
  ["fr-FR", (word) => `À l’été ${word}, la ligne de tramway s’étend jusqu’à la forêt`],
];
const REFERRERS = ["https://www.google.com/", "", "https://www.example.org/search?q=tram+line&hl=de", ""];

function visit(i: number, where: Where): [Visit, RequestHeaders] {
  const [language = "en-US", title = String] = TITLES[(i >> 2) % TITLES.length] ?? [];
  const word = letters(i, 8);
  const slug = `council-votes-on-${word}-tram-line`;
  const origin = `https://${["news", "blog", "shop", "www"][(i >> 3) % 4]}.example.com/`;
  const path = `/2026/11/${slug}`;
  const headers = headersOf(where, { language, origin }, i);
  const [width = "", height = ""] = (["412x915", "390x844", "360x800", "1920x1080"][i % 4] ?? "").split("x");
  const seen = {
    language,
    origin,
    slug,
    path,
    url: `${origin.slice(0, -1)}${path}${i % 3 === 0 ? UTM : ""}`,
    title: title(word),
    referrer: REFERRERS[(i >> 5) % REFERRERS.length] ?? "",
    width,
    height,
    agent: headers["User-Agent"] ?? "",
  };
  return [seen, headers];
}

/** The same order each time, and none that could be foreseen. */
function shuffle<T>(items: T[]): T[] {
  let state = 0x2545f491;
  for (let last = items.length - 1; last > 0; last--) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    const other = (state >>> 0) % (last + 1);
    [items[last], items[other]] = [items[other] as T, items[last] as T];
  }
  return items;
}

/** All of it, in an order without a pattern that could be learned. */
export const mix: readonly Pixel[] = shuffle(
  [...AMP_KINDS, ...OTHER_KINDS].flatMap(({ name, path, where, share, encode, pairs }, nth) =>
    Array.from({ length: share * ROUNDS }, (_, i) => {
      const [seen, headers] = visit(i * 31 + nth, where);
      return { kind: name, target: `${path}?${encode(pairs(seen))}`, headers };
    }),
  ),
);

/** The mix for a generator, with all the headers of its browsers, or with the fewest that HTTP libraries send. */
export function mixLoad(headers: "browser" | "few") {
  return {
    targets: mix.map(({ target }) => target),
    headers: mix.map((pixel) =>
      headers === "browser" ? pixel.headers : { "User-Agent": pixel.headers["User-Agent"] ?? "" },
    ),
  };
}
