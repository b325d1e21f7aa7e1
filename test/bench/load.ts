// Load over HTTP: what a generator is asked for and what it tells. Knows no generator.

export interface Load {
  readonly port: number;
  /** Request targets, sent in turn. */
  readonly targets: readonly string[];
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly notOk: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Sends load from a process of its own. */
export interface Generator {
  readonly name: string;
  /** Why it cannot be used here, with how to get it; null where it can. */
  obstacle(): string | null;
  /** Sends load until the time is over and tells what came back. */
  send(load: Load): Promise<LoadResult>;
}

/** The headers a browser's `<img>` sends. */
export const BROWSER_HEADERS = {
  "User-Agent":
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
  Accept: "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
  "Accept-Language": "en-US,en;q=0.9",
  "Accept-Encoding": "gzip, deflate, br",
  Referer: "https://news.example.com/",
  "Sec-Fetch-Dest": "image",
  "Sec-Fetch-Mode": "no-cors",
  "Sec-Fetch-Site": "cross-site",
} as const;
