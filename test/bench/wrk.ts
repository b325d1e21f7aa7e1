// wrk as a generator: writes it a script that sends the targets in turn, and reads the result off its output.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram, whyNot } from "../support/system.ts";
import { BROWSER_HEADERS, type Generator, type Load, type LoadResult } from "./load.ts";

export const wrk: Generator = {
  name: "wrk",
  obstacle: () => whyNot("wrk"),
  async send({ port, targets, connections, seconds }) {
    const folder = mkdtempSync(join(tmpdir(), "pixelgate-load-"));
    const script = join(folder, "load.lua");
    writeFileSync(script, scriptFor(targets));
    try {
      const words = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "20s", "-s", script];
      const child = Bun.spawn([findProgram("wrk") ?? "wrk", ...words, `http://127.0.0.1:${port}/`], {
        stdin: "ignore",
        stdout: "pipe",
        stderr: "inherit",
      });
      return readResult(await child.stdout.text());
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

function scriptFor(targets: Load["targets"]): string {
  const headers = Object.entries(BROWSER_HEADERS).map(
    ([name, value]) => `wrk.headers[${lua(name)}] = ${lua(value)}`,
  );
  return [
    ...headers,
    "local ready, at = {}, 0",
    `init = function() for _, target in ipairs({${targets.map(lua).join(", ")}}) do ready[#ready + 1] = wrk.format("GET", target) end end`,
    "request = function() at = at % #ready + 1; return ready[at] end",
    "done = function(summary, latency)",
    "  local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout",
    '  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, bad, summary.duration, latency:percentile(50), latency:percentile(99)))',
    "end",
  ].join("\n");
}

function lua(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

function readResult(output: string): LoadResult {
  const match = /RESULT (\d+) (\d+) (\d+) (\d+) (\d+)/.exec(output);
  if (match === null) throw new Error(`Cannot read the result of wrk: ${output}`);
  const [requests = 0, notOk = 0, durationUs = 1, p50Us = 0, p99Us = 0] = match.slice(1).map(Number);
  return {
    requests,
    notOk,
    perSecond: (requests / durationUs) * 1e6,
    p50Ms: p50Us / 1000,
    p99Ms: p99Us / 1000,
  };
}
