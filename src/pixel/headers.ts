// The headers that go into an event, each as far as it is taken. A runtime lets 256 KiB through, and a subscriber would
// get them: docs/wire-contract.md, "How large an event can be". Knows nothing of what they mean.

/** Characters of `User-Agent` that are taken. */
export const MAX_USER_AGENT = 1024;
/** Characters of `Referer` that are taken. */
export const MAX_REFERER = 4096;
/** Characters of `Accept-Language` that are read for its first tag. */
export const MAX_LANGUAGE = 64;

/** The user agent of a request, in events, records and flags alike. */
export function userAgentOf(headers: Headers): string | null {
  return cut(headers.get("user-agent"), MAX_USER_AGENT);
}

/** The page that a request comes from. */
export function refererOf(headers: Headers): string | null {
  return cut(headers.get("referer"), MAX_REFERER);
}

/** The languages of a request, first ones first. */
export function languagesOf(headers: Headers): string | null {
  return cut(headers.get("accept-language"), MAX_LANGUAGE);
}

function cut(text: string | null, most: number): string | null {
  return text === null || text.length <= most ? text : text.slice(0, most);
}
