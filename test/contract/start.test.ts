import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMANDS, linesOf, runCommand, tailLines, withGateway } from "../support/gatewayprocess.ts";
import { unless } from "../support/unless.ts";

const folder = mkdtempSync(join(tmpdir(), "pixelgate-start-"));
afterAll(() => rmSync(folder, { recursive: true }));

const hasIPv6 = await new Promise<boolean>((resolve) => {
  const server = createServer();
  server.once("error", () => resolve(false));
  server.listen({ host: "::", port: 0 }, () => server.close(() => resolve(true)));
});
const withIPv6 = unless(hasIPv6 ? null : "this machine has no IPv6");

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
        const [event = ""] = await tailLines(gateway, ["--json", "--from-start"], 1);
        expect(JSON.parse(event)).toMatchObject({
          type: "page",
          name: "Hello",
          context: { ip: "127.0.0.1" },
        });
      });
    }, 30_000);

    test(`pixelgate on ${runtime} ends with exit code 1 and one line where its port is taken`, async () => {
      await withGateway({}, async (gateway) => {
        const env = { ...gateway.env, PORT: String(gateway.port), PIXELGATE_DATA_DIR: join(folder, runtime) };
        const { code, stderr } = await runCommand([], env, COMMANDS[runtime]);
        expect(code).toBe(1);
        const where = `127.0.0.1:${gateway.port}`;
        expect(stderr).toBe(`Cannot listen on ${where}: the port is in use; set PORT to another\n`);
      });
    }, 30_000);

    test(`pixelgate on ${runtime} ends with exit code 2 and names every fault of environment and file`, async () => {
      const file = join(folder, "pixelgate.json");
      const content = {
        sources: [{ id: "a.b", writeKey: "wk_secret", destinations: ["x"] }],
        destinations: [{ id: "y" }],
      };
      writeFileSync(file, JSON.stringify(content));
      const env = {
        PORT: "80a",
        LOG_LEVEL: "loud",
        NATS_URL: "http://user:hunter2@127.0.0.1",
        PIXELGATE_CONFIG: file,
        PIXELGATE_DATA_DIR: folder,
      };
      expect(await runCommand([], env, COMMANDS[runtime])).toEqual({
        code: 2,
        stdout: "",
        stderr: [
          'Cannot read PORT: "80a" is not an integer from 0 to 65535',
          "Cannot read NATS_URL: the value is not a list of servers such as nats://localhost:4222,nats://other:4222",
          'Cannot read LOG_LEVEL: "loud" is not one of debug, info, warn, error, silent',
          `Cannot use ${file}: sources[0].id: must be 1 to 64 of A-Z a-z 0-9 _ -, and cannot begin with _`,
          `Cannot use ${file}: sources[0].destinations[0]: no destination has the id "x"`,
          "",
        ].join("\n"),
      });
    }, 20_000);

    withIPv6.test(
      `pixelgate on ${runtime} gives an IPv4 visitor's address as IPv4 on a socket of both kinds`,
      async () => {
        await withGateway({ command: COMMANDS[runtime], env: { HOST: "::" } }, async (gateway) => {
          expect((await fetch(`http://127.0.0.1:${gateway.port}/pixel/v1/page?writeKey=demo`)).status).toBe(
            200,
          );
          const [event = ""] = await tailLines(gateway, ["--json", "--from-start"], 1);
          expect(JSON.parse(event)).toMatchObject({ request_ip: "127.0.0.1" });
        });
      },
      30_000,
    );
  });
}
