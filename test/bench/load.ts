// Load over HTTP: what a generator is asked for and what it tells. Knows no generator.

export type RequestHeaders = Readonly<Record<string, string>>;

export interface Load {
  readonly port: number;
  /** Request targets, sent in turn. Where one holds FRESH_ID, each request gets an id there that no other has. */
  readonly targets: readonly string[];
  /** The headers of the target at the same place, from the front again where they are fewer. Default: BROWSER_HEADERS for all. */
  readonly headers?: readonly RequestHeaders[];
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

/** Stands in a target where each request gets an id of its own, as long as this: 22 characters, as AMP's client ids have. */
export const FRESH_ID = "fresh_id_in_each_visit";
/** Its last characters are a count of requests; what stands before them is drawn anew for each run. */
export const COUNT_DIGITS = 9;

/** What stands in the place of FRESH_ID before the count, in one run. */
export function freshRun(): string {
  const random = crypto.randomUUID().replaceAll("-", "");
  return random.slice(0, FRESH_ID.length - COUNT_DIGITS);
}

/** The headers a browser's `<img>` sends. */
const BROWSER_HEADERS = {
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

/** The requests of a load as they stand on the wire, FRESH_ID still in them: the same bytes from every generator. */
export function writeRequests({
  targets,
  headers = [BROWSER_HEADERS],
}: Pick<Load, "targets" | "headers">): string[] {
  return targets.map((target, i) => {
    const lines = Object.entries({ Host: "127.0.0.1", ...headers[i % headers.length] });
    return `GET ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  });
}
