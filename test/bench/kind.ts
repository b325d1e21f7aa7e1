// What a kind of pixel is, and the parameters that many kinds have in common. Knows no parser.
import type { Page, Where } from "./browsers.ts";
import { FRESH_ID } from "./load.ts";

/** One visit to one page of one site. */
export interface Visit extends Page {
  readonly slug: string;
  readonly url: string;
  readonly path: string;
  readonly title: string;
  readonly referrer: string;
  readonly width: string;
  readonly height: string;
  readonly agent: string;
}

export type Pairs = readonly (readonly [string, string])[];

/** A kind of pixel: its keys in their order, and how whoever wrote it encodes. */
export interface Kind {
  readonly name: string;
  readonly path: string;
  readonly where: Where;
  /** Visits of every 32. */
  readonly share: number;
  readonly encode: (pairs: Pairs) => string;
  readonly pairs: (visit: Visit) => Pairs;
}

/** AMP and templates: the keys stand as written, each value has gone through encodeURIComponent. */
export const amp = (pairs: Pairs) =>
  pairs.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&");
/** PHP's http_build_query, URLSearchParams: keys too are encoded, and a blank is a plus. */
export const form = (pairs: Pairs) => new URLSearchParams(Object.fromEntries(pairs)).toString();
/** A template written by hand: slashes and colons stand as they are. */
export const byHand = (pairs: Pairs) => amp(pairs).replaceAll("%2F", "/").replaceAll("%3A", ":");

/** How a newsletter marks its links. */
export const UTM = "?utm_source=newsletter&utm_medium=email&utm_campaign=tram%20line&utm_content=b%26w";

export const key = ["writeKey", "demo"] as const;
export const id = ["anonymousId", `amp-${FRESH_ID}`] as const;

/** The part of a page that most configurations write alike, each under its own prefix. */
export const page = (prefix: string, { path, url, referrer, title }: Visit): Pairs => [
  [`${prefix}path`, path],
  [`${prefix}url`, url],
  [`${prefix}referrer`, referrer],
  [`${prefix}title`, title],
];

export const screen = ({ width, height }: Visit): Pairs => [
  ["context.screen.width", width],
  ["context.screen.height", height],
];

export const library = (version: string): Pairs => [
  ["context.library.name", "Rudderstack AMP SDK"],
  ["context.library.version", version],
];

export const locale = ({ language }: Visit) => ["context.locale", language.toLowerCase()] as const;
