// Every command line that the documents show is run here against a real gateway, or named with why it is not.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";

import { cpSync, mkdtempSync, rmSync } from "node:fs";

import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../support/freeport.ts";
import {
  type Gateway,
  runCommand,
  startGateway,
  tailLines,
  untilNatsIsUp,
} from "../support/gatewayprocess.ts";
import { findNatsServer } from "../support/natsbinaries.ts";
import { type NatsServer, startNats } from "../support/natsserver.ts";
import { until } from "../support/until.ts";
import { DOCUMENTS, ROOT } from "./markdown.ts";

const NO_DOCKER = "needs Docker and images from a registry; test/deploy/compose.test.ts reads the files";
const NO_NATS_CLI = "NATS's own command line comes with no package of npm or Debian";

/** Command lines that no test here runs, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "npx bun start": "npx would fetch Bun; test/contract/start.test.ts starts what it starts",
  "npx bun run test": "it is what runs this test",
  "docker compose up": NO_DOCKER,
  "docker compose exec gateway /pixelgate tail --from-start": NO_DOCKER,
  "kubectl apply -f deploy/kubernetes.yaml": "needs a cluster; test/deploy/kubernetes.test.ts reads the file",
  "bun run setup --newer-nats": "it fetches packages; test/support/newernats.test.ts has a mirror of its own",
  "bun run build": "some seconds; test/deploy/binary.test.ts runs it as the Dockerfile does",
  "bun run bench --rounds 3": "minutes; test/bench/smoke.test.ts runs it short",
  "bun run bench:latency": "minutes; test/bench/smoke.test.ts runs it short",
  "bun run bench:sizing": "minutes; test/bench/smoke.test.ts runs it short",
  "bun run bench:steps": "half a minute; test/bench/smoke.test.ts runs it short",
  "bun run bench:query": "test/bench/smoke.test.ts runs it short",
  "bun run bench:rivals": "test/bench/smoke.test.ts runs it short",
  "bun run bench:start": "it builds the binary first; the bench's smoke test measures starts from source",
  "bun run bench:worst": "test/bench/smoke.test.ts runs it short",
  "bun run bench:scale": "test/bench/smoke.test.ts runs it short",
  "bun run soak": "minutes; test/bench/smoke.test.ts runs it short",
  "bun run faults": "minutes; test/faults/faults.test.ts does the same, shorter",
  "nats stream info PIXEL": NO_NATS_CLI,
  "nats consumer add PIXEL warehouse --filter 'pixel.warehouse.>' --pull --defaults": NO_NATS_CLI,
  "nats consumer next PIXEL warehouse --count 10": NO_NATS_CLI,
  "nats stream edit PIXEL --description='Managed by Pixelgate'": NO_NATS_CLI,
  "nats stream edit PIXEL --description='Ours'": NO_NATS_CLI,
};

const lines = new Set(
  DOCUMENTS.flatMap(({ blocks }) => blocks.filter(({ language }) => language === "sh"))
    .flatMap(({ text }) => text.split("\n"))
    .map((line) => line.replace(/\s+#.*$/, "").trim())
    .filter((line) => line !== ""),
);

/** A command line as a shell reads it: environment, then words; single quotes keep what is in them. */
function readLine(line: string): { env: Record<string, string>; words: string[] } {
  const words = Array.from(line.matchAll(/'([^']*)'|(\S+)/g), ([, quoted, bare]) => quoted ?? bare ?? "");
  const env: Record<string, string> = {};
  while (/^[A-Z_]+=/.test(words[0] ?? "")) {
    const [name = "", value = ""] = words.shift()?.split("=") ?? [];
    env[name] = value;
  }
  return { env, words };
}

/** The words of our own program in a command line; null for another program. */
function ownWords(words: readonly string[]): readonly string[] | null {
  if (words[0] === "pixelgate") return words.slice(1);
  return words.slice(0, 3).join(" ") === "npx bun start" ? words.slice(3) : null;
}

describe("documents", () => {
  let nats: NatsServer;
  let gateway: Gateway;
  const folder = mkdtempSync(join(tmpdir(), "pixelgate-commands-"));
  beforeAll(async () => {
    nats = await startNats();
    gateway = await startGateway({ env: { NATS_URL: nats.url } });
    await untilNatsIsUp(gateway);
  }, 60_000);
  afterAll(async () => {
    await gateway?.stop();
    await nats?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const send = async () => {
    await fetch(`${gateway.url}/pixel/v1/page?writeKey=demo&name=Hello`);
  };

  /** Runs a program until it has printed a text, on stdout or stderr, and returns what it has printed. */
  async function runUntil(text: string, program: string, args: readonly string[]): Promise<string> {
    const child = spawn(program, args, {
      env: { PATH: process.env.PATH, NATS_URL: nats.url },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const exited = new Promise((resolve) => child.once("exit", resolve));
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        output += chunk;
      });
    try {
      await until(`${program} prints ${text}`, () => output.includes(text));
    } finally {
      child.kill();
      await exited;
    }
    return output;
  }

  for (const line of lines) {
    if (Object.hasOwn(NOT_RUN, line)) continue;
    const { env, words } = readLine(line);
    test(`show \`${line}\`, which works`, async () => {
      const own = ownWords(words);
      if (words[0] === "curl") {
        const url = (words[1] ?? "").replace("http://127.0.0.1:8080", gateway.url);
        const response = await fetch(url, { headers: { "User-Agent": "curl/8.14.1", Accept: "*/*" } });
        expect([response.status, await response.text()]).toEqual([200, "OK"]);
      } else if (own?.[0] === "tail") {
        expect((await tailLines(gateway, own.slice(1), 1, send)).join("\n")).toContain("Hello");
      } else if (own?.[0] === "spool") {
        // The folder of a machine that is gone: a copy of this gateway's.
        const old = mkdtempSync(join(tmpdir(), "pixelgate-old-"));
        cpSync(gateway.dataDir, old, { recursive: true });
        const onCopy = own.map((word) => (word === "/mnt/old/data" ? old : word));
        const { code, stderr } = await runCommand(onCopy, gateway.env);
        rmSync(old, { recursive: true });
        expect([code, stderr.includes("Cannot")]).toEqual([0, false]);
      } else if (own?.length === 0) {
        // The gateway of this test is started so.
        expect(Object.keys(env)).toEqual(["NATS_URL"]);
        expect(gateway.output()).toContain("NATS stream PIXEL");
      } else if (own !== null) {
        const atGateway = { ...gateway.env, PORT: String(gateway.port) };
        const { code, stdout, stderr } = await runCommand(own, atGateway, undefined, ROOT);
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        expect(stdout.length > 0 || own[0] === "health").toBe(true);
      } else if (words[0] === "npx" && words[2]?.startsWith("examples/")) {
        await send();
        const output = await runUntil("}", process.execPath, [join(ROOT, words[2])]);
        expect(output).toContain("pixel.demo.page");
        expect(output).toContain("Hello");
      } else if (words[0] === "nats-server") {
        // On a port and in a folder of this test.
        const args = [...words.slice(1), "-a", "127.0.0.1", "-p", String(await freePort()), "-sd", folder];
        expect(await runUntil("Server is ready", findNatsServer(), args)).toContain("Starting JetStream");
      } else throw new Error(`Cannot run "${line}": say how, or why not, in NOT_RUN`);
    });
  }

  test("show every command that NOT_RUN explains", () => {
    expect(Object.keys(NOT_RUN).filter((line) => !lines.has(line))).toEqual([]);
  });
});

test("examples/subscriber.ts is ten lines beside its comment", async () => {
  const text = await Bun.file(join(ROOT, "examples/subscriber.ts")).text();
  const code = text.split("\n").filter((line) => line.trim() !== "" && !line.startsWith("//"));
  expect(code.length).toBe(10);
});
