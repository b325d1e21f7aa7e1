// The headers that browsers and mail programs send with a pixel, each in its own order. Knows no URL but the page's.
import type { RequestHeaders } from "./load.ts";

/** The page a pixel stands in, as far as a browser tells. */
export interface Page {
  /** BCP 47, such as `de-DE`. */
  readonly language: string;
  /** With a slash at its end; what a browser gives another site as the `Referer`. */
  readonly origin: string;
}

/** Writes the headers of the i-th visitor with such a program. */
type Program = (page: Page, i: number) => RequestHeaders;

const CHROME_ACCEPT = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8";
const ENCODINGS = "gzip, deflate, br, zstd";

function languages(language: string): string {
  const [short = "en"] = language.split("-");
  return short === "en" ? `${language},en;q=0.9` : `${language},${short};q=0.9,en-US;q=0.8,en;q=0.7`;
}

function chrome(platform: string, system: string, isMobile: boolean, brand: string, suffix: string): Program {
  return ({ language, origin }, i) => {
    const version = 126 + (i % 7);
    const mobile = isMobile ? " Mobile" : "";
    return {
      "sec-ch-ua-platform": `"${platform}"`,
      "User-Agent": `Mozilla/5.0 (${system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${version}.0.0.0${mobile} Safari/537.36${suffix}`,
      "sec-ch-ua": `"Chromium";v="${version}", "${brand}";v="${version}", "Not?A_Brand";v="99"`,
      "sec-ch-ua-mobile": isMobile ? "?1" : "?0",
      Accept: CHROME_ACCEPT,
      "Sec-Fetch-Site": "cross-site",
      "Sec-Fetch-Mode": "no-cors",
      "Sec-Fetch-Dest": "image",
      Referer: origin,
      "Accept-Encoding": ENCODINGS,
      "Accept-Language": languages(language),
    };
  };
}

/** An app that shows pages in a view of its own, and names the telephone. */
const webView: Program = ({ language, origin }, i) => ({
  "User-Agent": `Mozilla/5.0 (Linux; Android ${11 + (i % 4)}; SM-A${100 + (i % 47)}B; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/${118 + (i % 13)}.0.0.0 Mobile Safari/537.36`,
  Accept: CHROME_ACCEPT,
  "X-Requested-With": "com.example.news",
  "Sec-Fetch-Site": "cross-site",
  "Sec-Fetch-Mode": "no-cors",
  "Sec-Fetch-Dest": "image",
  Referer: origin,
  "Accept-Encoding": "gzip, deflate, br",
  "Accept-Language": languages(language),
});

function safari(system: string, suffix: string): Program {
  return ({ language, origin }, i) => ({
    "Sec-Fetch-Dest": "image",
    "User-Agent": `Mozilla/5.0 (${system.replace("*", `${16 + (i % 3)}_${i % 5}`)}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/${16 + (i % 3)}.${i % 5} ${suffix}`,
    Accept:
      "image/webp,image/avif,image/jxl,image/heic,image/heic-sequence,video/*;q=0.8,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
    Referer: origin,
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "no-cors",
    "Accept-Language": languages(language),
    "Accept-Encoding": "gzip, deflate, br",
  });
}

/** One in four asks for privacy. */
const firefox: Program = ({ language, origin }, i) => ({
  "User-Agent": `Mozilla/5.0 (X11; Linux x86_64; rv:${124 + (i % 9)}.0) Gecko/20100101 Firefox/${124 + (i % 9)}.0`,
  Accept: "image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5",
  "Accept-Language": `${language.slice(0, 2)},en-US;q=0.7,en;q=0.3`,
  "Accept-Encoding": ENCODINGS,
  Referer: origin,
  ...(i % 4 === 0 ? { "Sec-GPC": "1" } : {}),
  "Sec-Fetch-Dest": "image",
  "Sec-Fetch-Mode": "no-cors",
  "Sec-Fetch-Site": "cross-site",
});

/** A script's own request, not an image's. */
const script: Program = (page, i) => ({
  ...desktop[0](page, i),
  Accept: "*/*",
  "Sec-Fetch-Dest": "empty",
});

const desktop = [
  chrome("Windows", "Windows NT 10.0; Win64; x64", false, "Google Chrome", ""),
  firefox,
  chrome("Windows", "Windows NT 10.0; Win64; x64", false, "Microsoft Edge", " Edg/130.0.0.0"),
  safari("Macintosh; Intel Mac OS X 10_15_7", "Safari/605.1.15"),
] as const satisfies readonly Program[];

const mobile: readonly Program[] = [
  chrome("Android", "Linux; Android 10; K", true, "Google Chrome", ""),
  safari("iPhone; CPU iPhone OS * like Mac OS X", "Mobile/15E148 Safari/604.1"),
  webView,
  chrome("Android", "Linux; Android 10; K", true, "Samsung Internet", ""),
];

const mail: readonly Program[] = [
  () => ({
    "User-Agent": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Accept-Encoding": "gzip, deflate, br",
  }),
  () => ({ "User-Agent": "Mozilla/5.0", Accept: "*/*", "Accept-Encoding": "gzip, deflate, br" }),
  () => ({
    Accept: "*/*",
    "User-Agent": "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    "Accept-Encoding": "gzip, deflate",
  }),
  () => ({
    "User-Agent": "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    Accept: "*/*",
  }),
];

const PROGRAMS = { desktop, mobile, mail, script: [script] } as const satisfies Record<
  string,
  readonly Program[]
>;

/** What a pixel is opened with. */
export type Where = keyof typeof PROGRAMS;

/** The headers of the i-th visit of such programs, which take turns. */
export function headersOf(where: Where, page: Page, i: number): RequestHeaders {
  const programs: readonly Program[] = PROGRAMS[where];
  return programs[i % programs.length]?.(page, Math.floor(i / programs.length)) ?? {};
}
