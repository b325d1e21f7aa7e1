// Who visits, what they read and with what browser: all that differs from one visit to the next. Knows no URL's form.

/** What differs from visit to visit. */
export interface Reader {
  readonly id: string;
  readonly slug: string;
  readonly browser: string;
  readonly referrer: string;
}

/** How many visits come before one is met again. */
export const VISITS = 1024;

/** Letters and digits that look like chance, and are the same for the same seed. */
export function letters(seed: number, count: number): string {
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

function reader(i: number, articles: number, browsers: number, referrers: number): Reader {
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
export const usual = (i: number): Reader => reader(i, 40, 60, 20);
/** No article, browser or referrer is met twice: what remembering costs where it never helps. */
export const unique = (i: number): Reader => reader(i, VISITS, VISITS, VISITS);
