// `bun run build && bun run bench:start`: from starting the binary to its first answer, a pixel that is safe on disk.
// Flags: --rounds N, --program FILE. Every round starts with an empty data folder; the aim is a median under 100 ms.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    program: { type: "string", default: join(import.meta.dirname, "../../dist/pixelgate") },
  },
});
const REQUEST = "GET /pixel/v1/page?writeKey=demo&name=Hello HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LIMIT_MS = 10_000;

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}

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
  const child = spawn(flags.program, [], {
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

if (!existsSync(flags.program)) {
  console.error(`Cannot measure ${flags.program}: no such file. Try: bun run build`);
  process.exit(1);
}
// The first start reads the binary from the disk; the others find it in memory.
const cold = await measure();
const times: number[] = [];
for (let round = 0; round < Number(flags.rounds); round++) times.push(await measure());
times.sort((a, b) => a - b);
const at = (share: number) => (times[Math.floor((times.length - 1) * share)] ?? Number.NaN).toFixed(0);
console.log(
  `${cpus()[0]?.model}, ${cpus().length} cores · ${times.length} starts after a first of ${cold.toFixed(0)} ms`,
);
console.log(`start to first answer: median ${at(0.5)} ms, fastest ${at(0)}, slowest ${at(1)}`);
