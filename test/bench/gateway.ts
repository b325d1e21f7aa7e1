// `bun run bench`: server CPU per event, end to end with a real nats-server, beside a bare Bun handler.
// Flags: --rounds N, --seconds N, --smoke. Figures are medians over interleaved rounds; the ratios are the point.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startNats } from "../nats.ts";
import { hasWrk, type LoadResult, sendLoad } from "./load.ts";
import { cpuTimeUs, residentBytes } from "./process.ts";
import { targets } from "./urls.ts";

const CONNECTIONS = 64;

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "4" },
    smoke: { type: "boolean", default: false },
  },
});
const rounds = flags.smoke ? 1 : Number(flags.rounds);
const seconds = flags.smoke ? 1 : Number(flags.seconds);

interface Subject {
  readonly name: string;
  readonly process: ChildProcess;
  readonly port: number;
  readonly targets: readonly string[];
  readonly nats?: number;
}

interface Sample extends LoadResult {
  readonly cpuUs: number;
  readonly natsUs: number;
  readonly rssBytes: number;
}

/** Starts a process and resolves with the first match in what it prints. */
async function start(
  args: string[],
  env: Record<string, string>,
  ready: RegExp,
): Promise<[ChildProcess, number]> {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const port = await new Promise<number>((resolve, reject) => {
    let output = "";
    child.on("exit", (code) => reject(new Error(`Cannot start ${args}: exit code ${code}: ${output}`)));
    child.stdout?.on("data", (chunk) => {
      output += chunk;
      const match = ready.exec(output);
      if (match !== null) resolve(Number(match[1]));
    });
  });
  return [child, port];
}

async function measure(subject: Subject): Promise<Sample> {
  const pid = subject.process.pid ?? 0;
  const before = cpuTimeUs(pid);
  const natsBefore = subject.nats === undefined ? 0 : cpuTimeUs(subject.nats);
  const result = await sendLoad({
    port: subject.port,
    targets: subject.targets,
    connections: CONNECTIONS,
    seconds,
  });
  return {
    ...result,
    cpuUs: (cpuTimeUs(pid) - before) / result.requests,
    natsUs: subject.nats === undefined ? 0 : (cpuTimeUs(subject.nats) - natsBefore) / result.requests,
    rssBytes: residentBytes(pid),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const folder = mkdtempSync(join(tmpdir(), "pixelgate-bench-"));
const nats = await startNats();
const serverFile = join(import.meta.dir, "server.ts");
const amp = targets.filter((target) => target.name.startsWith("AMP page")).map((target) => target.url);
const [ampPage = ""] = amp;
const page = ampPage.replace(/writeKey=[^&]*/, "writeKey=demo");
const subjects: Subject[] = [];
try {
  for (const name of ["bare", "elysia", "parse"]) {
    const [child, port] = await start([serverFile, name], {}, /^(\d+)\n/);
    subjects.push({ name, process: child, port, targets: [page] });
  }
  const environment = {
    HOST: "127.0.0.1",
    PORT: "0",
    ADMIN_PORT: "0",
    NODE_ENV: "production",
    PIXELGATE_DATA_DIR: folder,
    LOG_LEVEL: "info",
    NATS_URL: nats.url,
  };
  const [child, port] = await start(
    [join(import.meta.dir, "../../src/main.ts")],
    environment,
    /"url":"http:\/\/127\.0\.0\.1:(\d+)"/,
  );
  subjects.push({ name: "durable", process: child, port, targets: [page], nats: nats.pid });

  const samples = new Map<string, Sample[]>(subjects.map(({ name }) => [name, []]));
  await Bun.sleep(500);
  for (const subject of subjects) await sendLoad({ ...subject, connections: CONNECTIONS, seconds: 1 });
  for (let round = 0; round < rounds; round++) {
    for (const subject of subjects) samples.get(subject.name)?.push(await measure(subject));
  }
  report(samples);
} finally {
  for (const subject of subjects) subject.process.kill("SIGKILL");
  await nats.stop();
  rmSync(folder, { recursive: true, force: true });
}

function report(samples: ReadonlyMap<string, readonly Sample[]>): void {
  const of = (name: string, key: keyof Sample) =>
    median((samples.get(name) ?? []).map((sample) => sample[key]));
  const natsVersion = execFileSync("nats-server", ["--version"], { encoding: "utf8" }).trim();
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores · Bun ${Bun.version} · ${natsVersion}`);
  console.log(
    `${CONNECTIONS} keep-alive connections, ${hasWrk() ? "wrk" : "own generator"}, ${rounds} rounds of ${seconds} s, medians`,
  );
  console.table(
    [...samples.keys()].map((name) => ({
      server: name,
      "CPU µs/event": of(name, "cpuUs").toFixed(1),
      "× bare": (of(name, "cpuUs") / of("bare", "cpuUs")).toFixed(2),
      "nats-server µs": name === "durable" ? of(name, "natsUs").toFixed(1) : "",
      "events/s": Math.round(of(name, "perSecond")),
      "p50 ms": of(name, "p50Ms").toFixed(1),
      "p99 ms": of(name, "p99Ms").toFixed(1),
      "RSS MB": Math.round(of(name, "rssBytes") / 1e6),
      "not 200": (samples.get(name) ?? []).reduce((sum, sample) => sum + sample.notOk, 0),
    })),
  );
}
