// What a request says beside its query, put where the event lacks it: the page, the client's headers, its address.
import { clientAddress, type TrustedProxies, truncateAddress } from "./address.ts";
import { readFlags } from "./agent.ts";
import { hide, isObject } from "./fields.ts";
import { languagesOf, refererOf, userAgentOf } from "./headers.ts";
import type { QueryObject } from "./query.ts";
import { Rejection } from "./rejection.ts";
import { type Flag, PAGE_FACTS } from "./schema.ts";

/** Who asks: the headers of a request, and its socket's peer. */
export interface Asker {
  readonly headers: Headers;
  /** Null where the runtime knows none. */
  readonly peer: string | null;
}

/** What a request says beside its query. */
export interface RequestFacts {
  readonly userAgent: string | null;
  /** The first tag of `Accept-Language`; null where there is none, or any will do. */
  readonly locale: string | null;
  readonly referer: string | null;
  /** Read only for a source that keeps a cookie. */
  readonly cookie: string | null;
  /** The client's, behind proxies. Found when it is asked for: not where the policy drops it. */
  readonly address: string | null;
  readonly flags: readonly Flag[];
}

/** Reads each header once, and the cookie only where it counts. `trusted` are the proxies that are believed. */
export function readFacts(asker: Asker, trusted: TrustedProxies | null, readsCookie: boolean): RequestFacts {
  return new ReadFacts(asker, trusted, readsCookie);
}

class ReadFacts implements RequestFacts {
  readonly userAgent: string | null;
  readonly locale: string | null;
  readonly referer: string | null;
  readonly cookie: string | null;
  readonly flags: readonly Flag[];
  readonly #asker: Asker;
  readonly #trusted: TrustedProxies | null;
  #address: string | null | undefined = undefined;

  constructor(asker: Asker, trusted: TrustedProxies | null, readsCookie: boolean) {
    const { headers } = asker;
    this.userAgent = userAgentOf(headers);
    this.locale = firstLanguage(languagesOf(headers));
    this.referer = refererOf(headers);
    this.cookie = readsCookie ? headers.get("cookie") : null;
    this.flags = readFlags(headers, this.userAgent);
    this.#asker = asker;
    this.#trusted = trusted;
  }

  get address(): string | null {
    if (this.#address !== undefined) return this.#address;
    const { headers, peer } = this.#asker;
    // A look at a header costs 0.06 µs: those that need not count are not looked at.
    const forwardedFor = this.#trusted === null ? null : headers.get("x-forwarded-for");
    this.#address = clientAddress(peer, forwardedFor, this.#trusted);
    return this.#address;
  }
}

/** What becomes of addresses in an event. */
export type AddressPolicy = "keep" | "truncate" | "drop";

const PAGE_IS_NO_OBJECT = "context.page must be an object";

/**
 * A page event's facts may stand in `context.page` or in `properties`: each is copied where it is missing, `url` taken
 * from `Referer` where both lack it. A Rejection where one of them is no object.
 */
export function fillPage(query: QueryObject, context: QueryObject, referer: string | null): Rejection | null {
  let { page } = context;
  let { properties } = query;
  if (page !== undefined && !isObject(page)) return new Rejection(400, PAGE_IS_NO_OBJECT);
  if (properties !== undefined && !isObject(properties)) {
    return new Rejection(400, "properties must be an object");
  }
  if (referer !== null && page?.url === undefined && properties?.url === undefined) {
    if (page === undefined) context.page = page = {};
    page.url = referer;
  }
  if (page === undefined && properties === undefined) return null;
  for (const fact of PAGE_FACTS) {
    const inPage = page?.[fact];
    const inProperties = properties?.[fact];
    if (inPage === undefined) {
      // What is no text stays where it is: the check names the place where the client put it.
      if (typeof inProperties !== "string") continue;
      if (page === undefined) context.page = page = {};
      page[fact] = inProperties;
    } else if (inProperties === undefined) {
      if (properties === undefined) query.properties = properties = {};
      properties[fact] = inPage;
    }
  }
  return null;
}

/** A track event's page lacks its `url` alone, and its properties are the client's own: nothing is copied. */
export function fillTrackedPage(context: QueryObject, referer: string | null): Rejection | null {
  let { page } = context;
  if (page !== undefined && !isObject(page)) return new Rejection(400, PAGE_IS_NO_OBJECT);
  if (referer !== null && page?.url === undefined) {
    if (page === undefined) context.page = page = {};
    page.url = referer;
  }
  return null;
}

/** Fills `context.userAgent` and `context.locale`. */
export function fillClient(context: QueryObject, { userAgent, locale }: RequestFacts): void {
  if (context.userAgent === undefined && userAgent !== null) context.userAgent = userAgent;
  if (context.locale === undefined && locale !== null) context.locale = locale;
}

/** Sets `request_ip` and fills `context.ip`, both as far as the policy lets an address through; a client's own too. */
export function fillAddress(
  query: QueryObject,
  context: QueryObject,
  facts: Pick<RequestFacts, "address">,
  policy: AddressPolicy,
): void {
  hide(query, "request_ip");
  if (policy === "drop") {
    hide(context, "ip");
    return;
  }
  const { address } = facts;
  const seen = address === null || policy === "keep" ? address : truncateAddress(address);
  if (seen !== null) query.request_ip = seen;
  if (context.ip === undefined) {
    if (seen !== null) context.ip = seen;
  } else if (policy === "truncate" && typeof context.ip === "string") {
    const cut = truncateAddress(context.ip);
    if (cut === null) hide(context, "ip");
    else context.ip = cut;
  }
}

/** The first tag of a list such as `de-CH,de;q=0.9`. */
function firstLanguage(languages: string | null): string | null {
  if (languages === null) return null;
  const end = languages.search(/[,;]/);
  const tag = (end < 0 ? languages : languages.slice(0, end)).trim();
  return tag === "" || tag === "*" ? null : tag;
}
