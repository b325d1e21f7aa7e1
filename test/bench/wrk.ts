// wrk as a generator: writes it a script that sends the targets in turn, and reads the result off its output.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram, whyNot } from "../support/system.ts";
import {
  COUNT_DIGITS,
  FRESH_ID,
  freshRun,
  type Generator,
  type Load,
  type LoadResult,
  writeRequests,
} from "./load.ts";

export const wrk: Generator = {
  name: "wrk",
  obstacle: () => whyNot("wrk"),
  async send(load) {
    const { port, connections, seconds } = load;
    const folder = mkdtempSync(join(tmpdir(), "pixelgate-load-"));
    const script = join(folder, "load.lua");
    writeFileSync(script, scriptFor(load));
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

/** A request is what stands before its fresh id, and what stands behind it; of one without an id that is nothing. */
function scriptFor(load: Load): string {
  const run = freshRun();
  const requests = writeRequests(load).map((text) => {
    const at = text.indexOf(FRESH_ID);
    return at < 0
      ? `{${lua(text)}}`
      : `{${lua(text.slice(0, at) + run)}, ${lua(text.slice(at + FRESH_ID.length))}}`;
  });
  return [
    `local requests = {${requests.join(",\n")}}`,
    "local at, sent = 0, 0",
    "request = function()",
    "  at, sent = at % #requests + 1, sent + 1",
    "  local head, tail = requests[at][1], requests[at][2]",
    `  return tail and head .. string.format("%0${COUNT_DIGITS}d", sent) .. tail or head`,
    "end",
    "done = function(summary, latency)",
    "  local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout",
    '  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, bad, summary.duration, latency:percentile(50), latency:percentile(99)))',
    "end",
  ].join("\n");
}

function lua(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\r\n", "\\r\\n")}"`;
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
