import { expect, test } from "bun:test";
import {
  languagesOf,
  MAX_LANGUAGE,
  MAX_REFERER,
  MAX_USER_AGENT,
  refererOf,
  userAgentOf,
} from "../../src/pixel/headers.ts";

const rows = [
  ["userAgentOf", userAgentOf, "User-Agent", MAX_USER_AGENT, 1024],
  ["refererOf", refererOf, "Referer", MAX_REFERER, 4096],
  ["languagesOf", languagesOf, "Accept-Language", MAX_LANGUAGE, 64],
] as const;

for (const [symbol, read, name, most, documented] of rows) {
  test(`${symbol} takes ${documented} characters of ${name} as they are, and cuts what is longer`, () => {
    expect(most).toBe(documented);
    expect(read(new Headers())).toBeNull();
    const longest = `${"x".repeat(most - 1)}y`;
    expect(read(new Headers({ [name]: longest }))).toBe(longest);
    expect(read(new Headers({ [name]: `${longest}z` }))).toBe(longest);
    expect(read(new Headers({ [name]: longest + "z".repeat(250_000) }))).toBe(longest);
  });
}
