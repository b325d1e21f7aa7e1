import { afterAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMANDS, type Gateway, runCommand, startGateway } from "./gateway.ts";

const folder = mkdtempSync(join(tmpdir(), "pixelgate-start-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function withGateway(
  options: Parameters<typeof startGateway>[0],
  use: (gateway: Gateway) => Promise<void>,
) {
  const gateway = await startGateway(options);
  try {
    await use(gateway);
  } finally {
    expect(await gateway.stop()).toBe(0);
  }
}

/** The log lines of a gateway that say this. */
function linesOf(gateway: Gateway, message: string): Record<string, unknown>[] {
  const lines = gateway
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === message);
}

async function waitFor(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 8000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error("Nothing happened within 8 seconds");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Runs `tail` beside a gateway, sends, and resolves with its first lines once there are `count`. */
async function tail(gateway: Gateway, words: readonly string[], count: number, send?: () => Promise<void>) {
  const [program, ...args] = [...COMMANDS.bun, "tail", ...words];
  const child = spawn(program ?? "", args, { env: { ...gateway.env }, stdio: ["ignore", "pipe", "inherit"] });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const lines = () => output.split("\n").slice(0, -1);
  try {
    await waitFor(async () => {
      await send?.();
      return lines().length >= count;
    });
  } finally {
    child.kill("SIGINT");
  }
  expect(await exited).toBe(0);
  return lines();
}

const hasIPv6 = await new Promise<boolean>((resolve) => {
  const server = createServer();
  server.once("error", () => resolve(false));
  server.listen({ host: "::", port: 0 }, () => server.close(() => resolve(true)));
});
const noIPv6 = hasIPv6 ? "" : " (skipped: this machine has no IPv6)";

for (const runtime of ["bun", "deno"] as const) {
  describe(`on ${runtime}`, () => {
    test(`pixelgate on ${runtime} without configuration serves the demo, says so, and its curl line works`, async () => {
      await withGateway({ command: COMMANDS[runtime] }, async (gateway) => {
        const [line = {}] = linesOf(gateway, "listening");
        expect(line).toMatchObject({ url: gateway.url, writeKey: "demo", sources: 1 });
        expect(String(line.runtime)).toMatch(runtime === "bun" ? /^Bun \d/ : /^Deno \d/);
        const [, url = ""] = /^curl '([^']+)'$/.exec(String(line.try)) ?? [];
        const response = await fetch(url, { headers: { "User-Agent": "curl/8.14.1" } });
        expect([response.status, await response.text()]).toEqual([200, "OK"]);
        const [event = ""] = await tail(gateway, ["--json", "--from-start"], 1);
        expect(JSON.parse(event)).toMatchObject({
          type: "page",
          name: "Hello",
          context: { ip: "127.0.0.1" },
        });
      });
    }, 30_000);

    test(`pixelgate on ${runtime} reloads its file on SIGHUP, and stays with what it has when the new one is broken`, async () => {
      const file = join(folder, `${runtime}.json`);
      const write = (key: string, more = {}) =>
        writeFileSync(
          file,
          JSON.stringify({
            sources: [{ id: "a", writeKey: key, destinations: ["d"], ...more }],
            destinations: [{ id: "d" }],
          }),
        );
      write("wk_first");
      const options = { command: COMMANDS[runtime], env: { PIXELGATE_CONFIG: file } };
      await withGateway(options, async (gateway) => {
        const status = async (key: string) =>
          (await fetch(`${gateway.url}/pixel/v1/page?writeKey=${key}`)).status;
        expect([await status("wk_first"), await status("wk_second")]).toEqual([200, 400]);

        write("wk_second");
        process.kill(gateway.pid, "SIGHUP");
        await waitFor(async () => (await status("wk_second")) === 200);
        expect(await status("wk_first")).toBe(400);

        write("wk_third", { ip: "hash", bots: "ban" });
        process.kill(gateway.pid, "SIGHUP");
        await waitFor(() => linesOf(gateway, "configuration not reloaded: the running one stays").length > 0);
        expect([await status("wk_second"), await status("wk_third")]).toEqual([200, 400]);
        const [line = {}] = linesOf(gateway, "configuration not reloaded: the running one stays");
        expect(line.faults).toEqual([
          `Cannot use ${file}: sources[0].ip: must be "keep" or "truncate" or "drop"`,
          `Cannot use ${file}: sources[0].bots: must be "flag" or "drop"`,
        ]);
        expect(gateway.output()).not.toContain("wk_");
      });
    }, 30_000);

    test(`pixelgate on ${runtime} ends with exit code 1 and one line where its port is taken`, async () => {
      await withGateway({}, async (gateway) => {
        const env = { ...gateway.env, PORT: String(gateway.port), PIXELGATE_DATA_DIR: join(folder, runtime) };
        const { code, stderr } = await runCommand([], env, COMMANDS[runtime]);
        expect(code).toBe(1);
        expect(stderr).toBe(`Cannot listen on 127.0.0.1:${gateway.port}: the port is in use\n`);
      });
    }, 30_000);

    test.skipIf(!hasIPv6)(
      `pixelgate on ${runtime} gives an IPv4 visitor's address as IPv4 on a socket of both kinds${noIPv6}`,
      async () => {
        await withGateway({ command: COMMANDS[runtime], env: { HOST: "::" } }, async (gateway) => {
          expect((await fetch(`http://127.0.0.1:${gateway.port}/pixel/v1/page?writeKey=demo`)).status).toBe(
            200,
          );
          const [event = ""] = await tail(gateway, ["--json", "--from-start"], 1);
          expect(JSON.parse(event)).toMatchObject({ request_ip: "127.0.0.1" });
        });
      },
      30_000,
    );
  });
}

test("pixelgate reloads its file when it changes", async () => {
  const file = join(folder, "watched.json");
  const content = (key: string) =>
    JSON.stringify({
      sources: [{ id: "a", writeKey: key, destinations: ["d"] }],
      destinations: [{ id: "d" }],
    });
  writeFileSync(file, content("wk_first"));
  await withGateway({ env: { PIXELGATE_CONFIG: file } }, async (gateway) => {
    writeFileSync(file, `${content("wk_second")}\n`);
    await waitFor(
      async () => (await fetch(`${gateway.url}/pixel/v1/page?writeKey=wk_second`)).status === 200,
    );
  });
}, 30_000);

test("pixelgate tail shows each event as it comes, by destination and type", async () => {
  await withGateway({}, async (gateway) => {
    const send = async () => {
      await fetch(`${gateway.url}/pixel/v1/page?writeKey=demo&name=Home`);
      await fetch(`${gateway.url}/pixel/v1/track?writeKey=demo&event=Signed%1b[31mUp&properties.a=1`);
    };
    const [line = ""] = await tail(gateway, ["demo", "--type", "track"], 1, send);
    expect(line).toContain("track");
    expect(line).toContain("demo → demo");
    expect(line).toContain("Signed·[31mUp");
    expect(line).not.toContain("\u001b");
  });
}, 30_000);
