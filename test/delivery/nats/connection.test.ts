import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, nkeys } from "nats";
import { createConnection } from "../../../src/delivery/nats/connection.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { certify, FOR } from "../../support/certificates.ts";
import { type NatsServer, patiently, startCluster, startNats } from "../../support/natsserver.ts";
import { createOperatorMode } from "../../support/operator.ts";
import {
  afterTest,
  countIds,
  deliver,
  event,
  openDelivery,
  putAwayAfterEach,
  readStream,
  recordLog,
  STREAM,
  temporaryFolder,
  untilUp,
} from "../../support/parts.ts";
import { whyNot } from "../../support/system.ts";
import { unless } from "../../support/unless.ts";
import { until } from "../../support/until.ts";

putAwayAfterEach();

async function nats(config: string): Promise<NatsServer> {
  const server = await startNats({ config });
  afterTest(server.stop);
  return server;
}

async function publishes(options: Parameters<typeof openDelivery>[0]): Promise<string> {
  const delivery = openDelivery(options);
  await untilUp(delivery);
  expect(await deliver(delivery, event("one"))).toBe("published");
  return delivery.log.lines.join("\n");
}

test("createConnection takes user and password from the server's URL, percent-encoded", async () => {
  const server = await nats('authorization { user: "a@b", password: "p:/w d" }');
  const url = server.url.replace("nats://", "nats://a%40b:p%3A%2Fw%20d@");
  const log = await publishes({ nats: { servers: [url] } });
  expect(log).not.toContain("p:/w");
  expect(log).not.toContain("p%3A");
});

test("createConnection takes a token, given alone or in the URL", async () => {
  const server = await nats("authorization { token: s3cr3t }");
  await publishes({ nats: { servers: [server.url], token: "s3cr3t" } });
  await publishes({ nats: { servers: [server.url.replace("nats://", "nats://s3cr3t@")] } });
});

const withOpenssl = unless(whyNot("openssl"));

withOpenssl.test("createConnection speaks TLS with a CA and a client certificate of one's own", async () => {
  const folder = temporaryFolder();
  const ca = certify(folder, "ca", FOR.authority);
  const own = certify(folder, "server", FOR.localhost, ca);
  const client = certify(folder, "client", FOR.client, ca);
  const server = await nats(
    `tls { cert_file: "${own.pem}", key_file: "${own.key}", ca_file: "${ca.pem}", verify: true }`,
  );
  const certificate = { tlsCertFile: client.pem, tlsKeyFile: client.key };
  const servers = [`tls://localhost:${server.port}`];
  await publishes({ nats: { servers, tlsCaFile: ca.pem, ...certificate } });

  const stranger = openDelivery({ nats: { servers, tlsCaFile: ca.pem } });
  const reason = "the server asks for a client certificate: set NATS_TLS_CERT and NATS_TLS_KEY";
  const line = { server: `localhost:${server.port}`, reason };
  await until("it is reported", () =>
    stranger.log.lines.includes(`Cannot connect to NATS ${JSON.stringify(line)}`),
  );
  expect(await deliver(stranger, event("two"))).toBe("spooled");
});

test("createConnection takes the seed of an NKey, and logs nothing of it", async () => {
  const user = nkeys.createUser();
  const seed = new TextDecoder().decode(user.getSeed());
  const nkeyFile = join(temporaryFolder(), "gateway.nk");
  writeFileSync(nkeyFile, seed);
  const server = await nats(`authorization { users: [{ nkey: ${user.getPublicKey()} }] }`);
  const log = await publishes({ nats: { servers: [server.url], nkeyFile } });
  expect(log).not.toContain(seed);
});

test("createConnection takes a credentials file, says when its JWT ends, and takes the renewed one", async () => {
  const operator = createOperatorMode();
  const server = await nats(operator.config);
  const credsFile = join(temporaryFolder(), "gateway.creds");
  const expiresAt = Math.floor(Date.now() / 1000) + 2;
  const { creds, seed } = operator.user({ expiresAt });
  writeFileSync(credsFile, creds);
  const delivery = openDelivery({ nats: { servers: [server.url], credsFile } });
  await untilUp(delivery);
  expect(await deliver(delivery, event("one"))).toBe("published");
  const end = `the JWT of NATS_CREDS ended at ${new Date(expiresAt * 1000).toISOString()}, renew the file`;
  const { log } = delivery;
  const isLogged = (...parts: string[]) =>
    until(parts.join(" "), () => log.lines.some((line) => parts.every((part) => line.includes(part))));
  // "User Authentication Expired" in front of it gets lost where the gateway writes just as the server hangs up.
  await isLogged("NATS connection lost", end);
  await isLogged("Cannot connect to NATS", `Authorization Violation: ${end}`);
  writeFileSync(credsFile, operator.user().creds);
  await untilUp(delivery);
  expect(log.lines.join("\n")).not.toContain(seed);
});

test("createConnection finds the other servers of a cluster by the one it knows", async () => {
  const servers = await startCluster(3);
  for (const server of servers) afterTest(server.stop);
  const [first, second] = servers;
  if (first === undefined || second === undefined) throw new Error("there is no cluster");
  const delivery = openDelivery({ nats: { servers: [first.url] }, stream: { ...STREAM, replicas: 3 } });
  await untilUp(delivery);
  const connection = await connect({ servers: second.url });
  const info = await patiently(async () => (await jetstreamManager(connection)).streams.info("PIXEL"));
  await connection.close();
  expect(info.config.num_replicas).toBe(3);
  expect(await deliver(delivery, event("before"))).toBe("published");
  await first.kill();
  await until(
    "it is connected elsewhere",
    async () => (await deliver(delivery, event(crypto.randomUUID()))) === "published",
  );
  await until("the spool is empty", () => delivery.state().spooled === 0);
  expect(countIds(await readStream(second.url)).get("before.warehouse")).toBe(1);
}, 60_000);

test("createConnection takes what got it in at one server to those that this one tells of", async () => {
  const servers = await startCluster(2, undefined, "authorization { user: a, password: hunter2 }");
  for (const server of servers) afterTest(server.stop);
  const [first, second] = servers;
  if (first === undefined || second === undefined) throw new Error("there is no cluster");
  const url = first.url.replace("nats://", "nats://a:hunter2@");
  const log = recordLog();
  const connected: string[] = [];
  const connection = createConnection({ servers: [url] }, log, systemClock, {
    onConnected: (fresh) => void connected.push(fresh.getServer()),
    onLost() {},
    onDenied() {},
    onLimits() {},
  });
  afterTest(connection.close);
  // A server tells of another one once they have found each other, and again whoever connects.
  await until("it is connected to the other", async () => {
    if (connected.includes(new URL(second.url).host)) return true;
    connection.drop("the next one, please");
    return false;
  });
  expect(log.lines.join("\n")).not.toContain("hunter2");
});

test("createConnection tells what a server says before it ends the connection", async () => {
  const server = await nats("max_payload: 1024");
  const lost: string[] = [];
  const connection = createConnection({ servers: [server.url] }, recordLog(), systemClock, {
    onConnected: (fresh) => {
      // The client itself would refuse it.
      if (fresh.info !== undefined) fresh.info.max_payload = 4096;
      fresh.publish("a", "x".repeat(2048));
    },
    onLost: (reason) => void lost.push(reason),
    onDenied() {},
    onLimits() {},
  });
  afterTest(connection.close);
  await until("it is lost", () => lost.length > 0);
  expect(lost[0]).toBe("Maximum Payload Violation");
});
