import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readServer } from "../../../src/config/natsserver.ts";
import { greet } from "../../../src/delivery/nats/greeting.ts";
import { dial } from "../../../src/delivery/nats/servers.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { certify, FOR } from "../../support/certificates.ts";
import { createHandClock } from "../../support/clock.ts";
import { afterTest, nats, putAwayAfterEach, temporaryFolder } from "../../support/parts.ts";
import { whyNot } from "../../support/system.ts";
import { unless } from "../../support/unless.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

test("greet reads which server it is and how much it takes", async () => {
  const server = await nats({ config: "max_payload: 2048" });
  const greeted = await greet(readServer(server.url), null, systemClock);
  expect(greeted).toEqual({
    is: "greeting",
    greeting: {
      serverId: expect.stringMatching(/^N[A-Z2-7]{55}$/),
      maxPayload: 2048,
      tls: "none",
      asksForCertificate: false,
    },
  });
});

test("greet waits 5 seconds for a frozen server", async () => {
  const server = await nats();
  server.freeze();
  const time = createHandClock();
  let greeted: unknown = null;
  const running = greet(readServer(server.url), null, time).then((found) => {
    greeted = found;
  });
  time.advance(4999);
  // A promise that is settled would have told by now.
  await Promise.resolve();
  expect(greeted).toBeNull();
  time.advance(1);
  await running;
  expect(greeted).toEqual({ is: "silent" });
  server.thaw();
});

const BROKEN: readonly [what: string, says: string, is: string][] = [
  ["another protocol", "220 mail.example ESMTP\r\n", "strange"],
  ["what is no JSON", "INFO {x}\r\n", "strange"],
  ["a refusal", "-ERR 'maximum connections exceeded'\r\n", "refused"],
  ["a greeting in pieces that has no end", 'INFO {"server_id":', "closed"],
];
for (const [what, says, is] of BROKEN) {
  test(`greet makes of ${what}: ${is}`, async () => {
    const listener = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: { open: (socket) => void socket.end(says), data() {} },
    });
    afterTest(() => listener.stop(true));
    const server = readServer(`nats://127.0.0.1:${listener.port}`);
    expect((await greet(server, null, systemClock)).is).toBe(is as "strange");
  });
}

unless(whyNot("openssl")).test(
  "greet leaves no fault in the log of a server that waits for TLS",
  async () => {
    const folder = temporaryFolder();
    const ca = certify(folder, "ca", FOR.authority);
    const own = certify(folder, "server", FOR.localhost, ca);
    const log = join(folder, "nats.log");
    const { port } = await nats({
      config: `log_file: "${log}"\ntls { cert_file: "${own.pem}", key_file: "${own.key}" }`,
    });
    // Whoever looked whether the server was there left a fault of their own.
    await until("that is logged", () => readFileSync(log, "utf8").includes("[ERR]"));
    const before = readFileSync(log, "utf8").length;
    await (await dial({ servers: [`tls://localhost:${port}`], tlsCaFile: ca.pem })).close();
    expect(readFileSync(log, "utf8").slice(before)).not.toContain("[ERR]");
  },
);
