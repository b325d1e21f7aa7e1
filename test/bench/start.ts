// `bun run bench:start`, and a part of `bun run bench`: from starting the binary to its first answer, a pixel that is
// safe on disk. Flag: --rounds N. Every round starts with an empty data folder; the aim is a median under 100 ms.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freePort } from "../support/freeport.ts";
import { readCount } from "./flags.ts";
import { describeMachine } from "./servers.ts";

const ROOT = join(import.meta.dirname, "../..");
const PROGRAM = join(ROOT, "dist/pixelgate");
const REQUEST = "GET /pixel/v1/page?writeKey=demo&name=Hello HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LIMIT_MS = 10_000;

/** The first line of an answer, or null while nobody listens. */
function ask(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(REQUEST));
    socket.once("data", (chunk) => {
      socket.destroy();
      resolve(chunk.toString("latin1").split("\r\n")[0] ?? "");
    });
    socket.once("error", () => resolve(null));
  });
}

async function measure(): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), "pixelgate-start-"));
  const port = await freePort();
  const startedMs = performance.now();
  const child = spawn(PROGRAM, [], {
    env: {
      HOST: "127.0.0.1",
      PORT: String(port),
      ADMIN_PORT: "0",
      PIXELGATE_DATA_DIR: dataDir,
      NODE_ENV: "production",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  try {
    while (performance.now() - startedMs < LIMIT_MS) {
      const line = await ask(port);
      if (line === "HTTP/1.1 200 OK") return performance.now() - startedMs;
      if (line !== null) throw new Error(`Cannot measure a start: the answer is ${line}`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    throw new Error(`Cannot measure a start: no answer in ${LIMIT_MS} ms`);
  } finally {
    child.kill("SIGKILL");
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Builds the binary, starts it again and again, and tells the times from start to first answer as one line. */
export async function measureStarts(rounds: number): Promise<string> {
  execFileSync(process.execPath, ["run", "build"], { cwd: ROOT, stdio: "ignore" });
  // The first start reads the binary from the disk; the others find it in memory.
  const cold = await measure();
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) times.push(await measure());
  times.sort((a, b) => a - b);
  const at = (share: number) =>
    `${(times[Math.floor((times.length - 1) * share)] ?? Number.NaN).toFixed(0)} ms`;
  return `binary, start to first answer: median ${at(0.5)} of ${rounds}, ${at(0)} to ${at(1)}; the first ${cold.toFixed(0)} ms`;
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" } } });
  console.log(describeMachine());
  console.log(await measureStarts(readCount("rounds", values.rounds)));
}
