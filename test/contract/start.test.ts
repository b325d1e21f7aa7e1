import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMMANDS, linesOf, runCommand, tailLines, withGateway } from "../support/gatewayprocess.ts";

const folder = mkdtempSync(join(tmpdir(), "pixelgate-start-"));
afterAll(() => rmSync(folder, { recursive: true }));

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
          const [event = ""] = await tailLines(gateway, ["--json", "--from-start"], 1);
          expect(JSON.parse(event)).toMatchObject({ request_ip: "127.0.0.1" });
        });
      },
      30_000,
    );
  });
}
