import { expect, setDefaultTimeout, test } from "bun:test";
import { COMMANDS, linesOf, startGateway } from "../support/gatewayprocess.ts";
import { sendRaw } from "../support/socket.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

for (const runtime of ["bun", "deno"] as const) {
  test(`SIGTERM on ${runtime} ends readiness first: pixels are taken until SHUTDOWN_DELAY_MS is over, and the exit code is 0`, async () => {
    const env = { SHUTDOWN_DELAY_MS: "2000" };
    const gateway = await startGateway({ command: COMMANDS[runtime], env });
    const status = async (url: string) => (await fetch(url)).status;
    expect(await status(`${gateway.adminUrl}/readyz`)).toBe(200);
    process.kill(gateway.pid, "SIGTERM");
    await until("it is stopping", () => linesOf(gateway, "stopping").length > 0);
    const ready = await fetch(`${gateway.adminUrl}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([503, "draining: the gateway is about to stop"]);
    expect(await status(`${gateway.adminUrl}/livez`)).toBe(200);
    const pixel = await fetch(`${gateway.url}/pixel/v1/page?writeKey=demo`);
    expect([pixel.status, pixel.headers.get("connection")]).toEqual([200, "close"]);
    process.kill(gateway.pid, "SIGHUP");
    const [probe] = await sendRaw(gateway.port, "GET /pixel/v1/page?writeKey=demo HTTP/1.0\r\n\r\n");
    expect(probe?.status).toBe(200);
    await until("it has stopped", () => linesOf(gateway, "stopped").length > 0);
    expect(await gateway.stop("SIGCONT")).toBe(0);
  });

  test(`a second signal on ${runtime} ends the gateway at once, with exit code 1`, async () => {
    const env = { SHUTDOWN_DELAY_MS: "600000" };
    const gateway = await startGateway({ command: COMMANDS[runtime], env });
    process.kill(gateway.pid, "SIGTERM");
    await until("it is stopping", () => linesOf(gateway, "stopping").length > 0);
    // Two signals within a tenth of a second are one wish: a terminal and a launcher may both send one.
    await Bun.sleep(150);
    expect(await gateway.stop("SIGINT")).toBe(1);
    expect(linesOf(gateway, "stopped")).toEqual([]);
  });
}

test("SIGTERM in the first moment of a gateway stops it as at any other time", async () => {
  for (let round = 0; round < 4; round++) {
    const gateways = await Promise.all([startGateway(), startGateway()]);
    expect(await Promise.all(gateways.map((gateway) => gateway.stop()))).toEqual([0, 0]);
  }
});
