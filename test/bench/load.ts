// Load over HTTP from a process of its own: wrk where it is installed, a generator in this runtime otherwise.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

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

/** What the generator of our own tells on top. */
export interface OwnResult extends LoadResult {
  /** Answers with 503. */
  readonly busy: number;
  /** Of the answers with 200. */
  readonly okP99Ms: number;
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

/** True when wrk is on the PATH. */
export function hasWrk(): boolean {
  return Bun.which("wrk") !== null;
}

/** Sends load until the time is over and tells what came back. */
export async function sendLoad(load: Load): Promise<LoadResult> {
  return hasWrk() ? sendWithWrk(load) : sendOwn(load);
}

async function sendWithWrk({ port, targets, connections, seconds }: Load): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), "pixelgate-load-"));
  const script = join(folder, "load.lua");
  const headers = Object.entries(BROWSER_HEADERS).map(
    ([name, value]) => `wrk.headers[${lua(name)}] = ${lua(value)}`,
  );
  writeFileSync(
    script,
    [
      ...headers,
      "local ready, at = {}, 0",
      `init = function() for _, target in ipairs({${targets.map(lua).join(", ")}}) do ready[#ready + 1] = wrk.format("GET", target) end end`,
      "request = function() at = at % #ready + 1; return ready[at] end",
      "done = function(summary, latency)",
      "  local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout",
      '  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, bad, summary.duration, latency:percentile(50), latency:percentile(99)))',
      "end",
    ].join("\n"),
  );
  try {
    const output = await read("wrk", [
      "-t1",
      `-c${connections}`,
      `-d${seconds}s`,
      "--timeout",
      "20s",
      "-s",
      script,
      `http://127.0.0.1:${port}/`,
    ]);
    const match = /RESULT (\d+) (\d+) (\d+) (\d+) (\d+)/.exec(output);
    if (match === null) throw new Error(`wrk gave no result: ${output}`);
    const [requests = 0, notOk = 0, durationUs = 1, p50Us = 0, p99Us = 0] = match.slice(1).map(Number);
    return {
      requests,
      notOk,
      perSecond: (requests / durationUs) * 1e6,
      p50Ms: p50Us / 1000,
      p99Ms: p99Us / 1000,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function lua(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function read(command: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
    child.on("error", reject).on("close", () => resolve(output));
  });
}

/** Sends load with the generator of our own. */
export async function sendOwn(load: Load): Promise<OwnResult> {
  const output = await read(process.execPath, [join(import.meta.dir, "generator.ts"), JSON.stringify(load)]);
  return JSON.parse(output) as OwnResult;
}
