// Starts real gateway processes on free ports of 127.0.0.1, each with a data folder of its own, and ends them by pid.
import { type ChildProcess, type ChildProcessByStdio, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { until } from "./until.ts";

const ROOT = join(import.meta.dirname, "../..");
const START_MS = 20_000;
const STOP_MS = 15_000;

const MAIN = join(ROOT, "src/main.ts");

/** Deno's own binary: what npm puts on the path is a wrapper, which a signal would end and leave Deno running. */
function findDeno(): string {
  const wrapper = join(ROOT, "node_modules/deno/bin.cjs");
  const words = [wrapper, "eval", "-p", "Deno.execPath()"];
  return execFileSync(process.execPath, words, { encoding: "utf8", env: environment({}) }).trim();
}

/** How the program is run: the command line before its own words. */
export const COMMANDS = {
  bun: [process.execPath, MAIN],
  get deno(): readonly string[] {
    return [findDeno(), "run", "-A", MAIN];
  },
} as const satisfies Record<string, readonly string[]>;

export interface GatewayOptions {
  /** Default: Bun. */
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Kept when given, so that a second gateway can go on with it; else a new one that `stop` removes. */
  readonly dataDir?: string;
  readonly cwd?: string;
}

export interface Gateway {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** The admin port's address. */
  readonly adminUrl: string;
  readonly pid: number;
  readonly dataDir: string;
  /** The environment it runs in, for its other verbs. */
  readonly env: Readonly<Record<string, string>>;
  /** What it wrote so far, both streams. */
  output(): string;
  /** Sends a signal and resolves with the exit code when the process is gone; null when a signal ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of a child: nothing of ours but what finds programs, so that a developer's settings change no test. */
function environment(own: Readonly<Record<string, string>>): Record<string, string> {
  const { PATH = "", HOME = tmpdir() } = process.env;
  return { PATH, HOME, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...own };
}

function spawnProgram(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd?: string,
): ChildProcessByStdio<null, Readable, Readable> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    env: environment(env),
    stdio: ["ignore", "pipe", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
  });
  child.stdout.setEncoding("utf8");
  child.stderr.setEncoding("utf8");
  return child;
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once("exit", (code) => resolve(code)));
}

/** Runs the program to its end with the words of a command; kills it after 20 seconds. */
export async function runCommand(
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  command: readonly string[] = COMMANDS.bun,
  cwd?: string,
): Promise<Ended> {
  const child = spawnProgram([...command, ...words], env, cwd);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.on("data", (text: string) => {
    stderr += text;
  });
  const limit = setTimeout(() => child.kill("SIGKILL"), START_MS);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  clearTimeout(limit);
  return { code, stdout, stderr };
}

/** Starts a gateway and resolves when it has said where it listens. Rejects with its output when it ends before. */
export async function startGateway(options: GatewayOptions = {}): Promise<Gateway> {
  const { command = COMMANDS.bun, cwd } = options;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), "pixelgate-"));
  mkdirSync(dataDir, { recursive: true });
  const env = {
    HOST: "127.0.0.1",
    PORT: "0",
    ADMIN_HOST: "127.0.0.1",
    ADMIN_PORT: "0",
    PIXELGATE_DATA_DIR: dataDir,
    ...options.env,
  };
  const child = spawnProgram(command, env, cwd);
  const exited = exitOf(child);
  let output = "";
  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    const limit = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    const code = await exited;
    clearTimeout(limit);
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    return code;
  };

  let found: RegExpExecArray;
  try {
    found = await new Promise<RegExpExecArray>((resolve, reject) => {
      const fail = (what: string) => reject(new Error(`Cannot start a gateway: ${what}\n${output}`));
      const limit = setTimeout(() => fail(`no address after ${START_MS} ms`), START_MS);
      const read = (text: string) => {
        output += text;
        const line = /"url":"(http:[^"]+)","live":"(http:[^"]+)"[^\n]*"msg":"listening"/.exec(output);
        if (line === null) return;
        clearTimeout(limit);
        resolve(line);
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.once("error", (error) => fail(String(error)));
      exited.then((code) => {
        clearTimeout(limit);
        fail(`exit code ${code}`);
      });
    });
  } catch (error) {
    await stop("SIGKILL");
    throw error;
  }
  const [, url = "", adminUrl = ""] = found;
  const port = Number(new URL(url).port);
  return { url, port, adminUrl, pid: child.pid ?? 0, dataDir, env, output: () => output, stop };
}

/** Starts a gateway, uses it, and stops it: with exit code 0, or this rejects. */
export async function withGateway(
  options: Parameters<typeof startGateway>[0],
  use: (gateway: Gateway) => Promise<void>,
) {
  const gateway = await startGateway(options);
  try {
    await use(gateway);
  } catch (error) {
    await gateway.stop();
    throw error;
  }
  const code = await gateway.stop();
  if (code !== 0) throw new Error(`The gateway ended with exit code ${code}\n${gateway.output()}`);
}

/** The log lines of a gateway that say this. */
export function linesOf(gateway: Gateway, message: string): Record<string, unknown>[] {
  const lines = gateway
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === message);
}

/** Runs `tail` beside a gateway, sends, and resolves with its first lines once there are `count`. */
export async function tailLines(
  gateway: Gateway,
  words: readonly string[],
  count: number,
  send?: () => Promise<void>,
) {
  const child = spawnProgram([...COMMANDS.bun, "tail", ...words], gateway.env);
  const exited = exitOf(child);
  let output = "";
  let faults = "";
  child.stdout.on("data", (text: string) => {
    output += text;
  });
  child.stderr.on("data", (text: string) => {
    faults += text;
  });
  const lines = () => output.split("\n").slice(0, -1);
  try {
    await until(`tail has printed ${count} lines`, async () => {
      await send?.();
      return lines().length >= count;
    });
  } finally {
    child.kill("SIGINT");
  }
  const code = await exited;
  if (code !== 0) throw new Error(`tail ended with exit code ${code}\n${faults}`);
  return lines();
}

/** Waits until a gateway is connected and its stream takes events: until then it spools them. */
export async function untilNatsIsUp({ adminUrl }: Pick<Gateway, "adminUrl">): Promise<void> {
  await until("NATS is up", async () => {
    const status = (await (await fetch(`${adminUrl}/status.json`)).json()) as { delivery: { nats: string } };
    return status.delivery.nats === "up";
  });
}
