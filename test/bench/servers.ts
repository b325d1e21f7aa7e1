// The processes that are measured: each alone on a free port, and all in the environment the image gives the gateway.
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { natsVersion } from "../support/natsbinaries.ts";
import type { RowPlan } from "./rows.ts";

export interface Server {
  readonly port: number;
  readonly pid: number;
  /** Ends it at once, or with another signal; resolves when it is gone. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** What a small server prints first: its port. */
export const PORT_LINE = /^(\d+)\n/;

/** One of the small servers in server.ts, in so many processes on one port. */
export function startServer(
  name: string,
  settings: Readonly<Record<string, string>> = {},
  processes = 1,
): Promise<Server> {
  const words = [join(import.meta.dir, "server.ts"), name, String(processes)];
  return startProgram(process.execPath, words, settings, PORT_LINE);
}

/** The gateway, with the demo source and these settings. */
export function startGateway(settings: Readonly<Record<string, string>>): Promise<Server> {
  const env = { HOST: "127.0.0.1", PORT: "0", ADMIN_PORT: "0", ...settings, LOG_LEVEL: "info" };
  const ready = /"url":"http:\/\/127\.0\.0\.1:(\d+)"/;
  return startProgram(process.execPath, [join(import.meta.dir, "../../src/main.ts")], env, ready);
}

/** The server of a row, with files of its own in a folder, these settings on top. */
export function startRow(
  { name, server }: RowPlan,
  folder: string,
  natsUrl: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<Server> {
  if ("small" in server) return startServer(server.small, settings, server.workers);
  const { workers = 1, destinations = 1, isSpooling = false } = server;
  const config = join(folder, `${name}.json`);
  const ids = Array.from({ length: destinations }, (_, i) => `destination-${i}`);
  const file = {
    sources: [{ id: "demo", writeKey: "demo", destinations: ids }],
    destinations: ids.map((id) => ({ id })),
  };
  writeFileSync(config, JSON.stringify(file));
  return startGateway({
    PIXELGATE_CONFIG: config,
    PIXELGATE_DATA_DIR: join(folder, name),
    PIXELGATE_SPOOL_MAX_BYTES: "8GiB",
    PIXELGATE_WORKERS: String(workers),
    ...(isSpooling ? {} : { NATS_URL: natsUrl }),
    ...settings,
  });
}

/** A program with these arguments and settings; `ready` finds its port in what it prints. */
export async function startProgram(
  program: string,
  args: readonly string[],
  settings: Readonly<Record<string, string>>,
  ready: RegExp,
): Promise<Server> {
  const { PATH = "" } = process.env;
  const child: ChildProcess = spawn(program, args, {
    // As in the Dockerfile.
    env: { PATH, NODE_ENV: "production", MIMALLOC_PURGE_DELAY: "10000", ...settings },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await new Promise<number>((resolve, reject) => {
    let output = "";
    child.once("exit", (code) =>
      reject(new Error(`Cannot start ${args.join(" ")}: exit code ${code}: ${output}`)),
    );
    child.stdout?.on("data", (chunk) => {
      if (output.length > 10_000) return;
      output += chunk;
      const match = ready.exec(output);
      if (match !== null) resolve(Number(match[1]));
    });
  });
  return {
    port,
    pid: child.pid ?? 0,
    stop: async (signal = "SIGKILL") => {
      child.kill(signal);
      await exited;
    },
  };
}

/** Processor and versions, in one line. */
export function describeMachine(): string {
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  return `${model}, ${cpus().length} cores · Bun ${process.versions.bun} · nats-server ${natsVersion()}`;
}
